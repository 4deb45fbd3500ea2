"""Find and check the images of a folder `<class>/<image>`, without decoding them."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from milonga.components.contracts.dataset_description import ImageForm
from milonga.errors import DataError, MissingExtra

Channels = Literal["auto", "grey", "colour"]


@dataclass(frozen=True, slots=True)
class ImageFolder:
    """What stands in an image folder.

    Attributes:
        classes: names of the class folders, sorted.
        files: path and class index of each image, sorted by path.
        skipped: suffix -> number of files that are no images by their name.
    """

    classes: tuple[str, ...]
    files: tuple[tuple[Path, int], ...]
    skipped: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Header:
    height: int
    width: int
    grey: bool


def scan_folder(source: Path) -> ImageFolder:
    """List the images in `source`; names that start with a dot are passed over.

    Raises:
        DataError: E500 (no such folder), E501 (not a folder), E502 (fewer than two classes, or images outside a
            class folder), E503 (a class without images).
    """
    where = str(source)
    expected = "a folder with one sub-folder for each class"
    if not source.exists():
        raise DataError("E500", "the source does not exist", where=where, expected=expected)
    if not source.is_dir():
        raise DataError("E501", "the source is not a folder", where=where, expected=expected)
    top = sorted(entry for entry in source.iterdir() if not entry.name.startswith("."))
    folders = [entry for entry in top if entry.is_dir()]
    outside = [entry for entry in top if not entry.is_dir()]
    unreadable = [entry.name for entry in folders if any("\ud800" <= letter <= "\udfff" for letter in entry.name)]
    if unreadable:
        got = ascii(unreadable[0])
        raise DataError("E502", "a class folder's name is no UTF-8 text", where=where, got=got, expected="UTF-8")
    stray = [entry.name for entry in outside if entry.suffix.lower() in _image_suffixes()]
    if stray:
        message = f"{len(stray)} image(s) stand outside any class folder"
        raise DataError("E502", message, where=where, got=", ".join(stray[:5]), expected=expected)
    if len(folders) < 2:
        got = f"one class folder: '{folders[0].name}'" if folders else "no class folder"
        raise DataError("E502", "a classifier needs two classes or more", where=where, got=got, expected=expected)

    skipped = Counter(entry.suffix.lower() for entry in outside)
    files: list[tuple[Path, int]] = []
    for index, folder in enumerate(folders):
        before = len(files)
        for path in _walk(folder):
            if path.suffix.lower() in _image_suffixes():
                files.append((path, index))
            else:
                skipped[path.suffix.lower()] += 1
        if len(files) == before:
            expected = "one image or more: " + " ".join(sorted(_image_suffixes()))
            raise DataError("E503", f"class '{folder.name}' has no images", where=str(folder), expected=expected)
    return ImageFolder(tuple(folder.name for folder in folders), tuple(files), dict(skipped))


def choose_form(folder: ImageFolder, *, height: int, width: int, channels: Channels) -> ImageForm:
    """The form that all images get, from their headers.

    Args:
        folder: the images.
        height: rows of pixels; 0 means the size that all images have.
        width: columns of pixels; 0 means the size that all images have.
        channels: `auto` is grey when all images are stored as grey, else colour.

    Raises:
        DataError: E504 (images whose header cannot be read), E505 (the sizes differ), E509 (a wrong size), E515 (more
            than 8 bits a channel, or an animation).
    """
    if height < 0 or width < 0 or (height == 0) != (width == 0):
        got = f"height={height}, width={width}"
        raise DataError("E509", "the image size is out of range", got=got, expected="both above 0, or both 0")
    headers: list[tuple[Path, _Header]] = []
    unreadable: list[tuple[Path, str]] = []
    for path, _ in folder.files:
        try:
            headers.append((path, _read_header(path)))
        except DataError:
            raise
        except Exception as reason:  # noqa: BLE001 - foreign bytes: Pillow's readers raise whatever their parsing raises
            unreadable.append((path, str(reason) or type(reason).__name__))
    if unreadable:
        raise corrupt(unreadable)
    if not height:
        _check_sizes(headers)
        height, width = headers[0][1].height, headers[0][1].width
    grey = all(header.grey for _, header in headers) if channels == "auto" else channels == "grey"
    return ImageForm(height=height, width=width, channels=1 if grey else 3)


def corrupt(found: list[tuple[Path, str]]) -> DataError:
    """The error that names unreadable images, the first five of them with the reason."""
    path = found[0][0]
    more = [f"{path.parent.name}/{path.name} ({reason})" for path, reason in found[:5]]
    got = "; ".join(more) + ("; ..." if len(found) > 5 else "")
    message = f"'{path.parent.name}/{path.name}' cannot be read as an image"
    if len(found) > 1:
        message = f"{len(found)} files cannot be read as images, the first is '{path.parent.name}/{path.name}'"
    return DataError("E504", message, where=str(path), got=got, hint="repair or remove what is damaged")


def unsupported_form(path: Path, got: str, hint: str) -> DataError:
    """The error for an image that has no lossless 8-bit form."""
    expected = "8 bits a channel, grey or colour, opaque, one frame"
    return DataError("E515", f"'{path.parent.name}/{path.name}' is of another form", where=str(path), got=got,
                     expected=expected, hint=hint)  # fmt: skip


def require_pillow() -> None:
    """Raise the error that names the extra to install when Pillow is absent."""
    try:
        import PIL.Image  # noqa: F401 - only whether it can be imported
    except ImportError as reason:
        raise MissingExtra.of("pillow", "data", "reading images") from reason


def _image_suffixes() -> frozenset[str]:
    return frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})


def _walk(folder: Path) -> Iterator[Path]:
    """All files below `folder` in sorted order; links are followed, each folder is entered once."""
    entered: set[str] = set()
    for parent, folders, names in os.walk(folder, onerror=_refuse_folder, followlinks=True):
        entered.add(os.path.realpath(parent))
        inside = (name for name in folders if not name.startswith("."))
        folders[:] = sorted(name for name in inside if os.path.realpath(Path(parent, name)) not in entered)
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _refuse_folder(reason: OSError) -> NoReturn:
    """Without this, `os.walk` passes over a folder that it may not read."""
    where = str(reason.filename)
    raise DataError("E504", f"a folder cannot be read: {reason.strerror}", where=where) from reason


def _read_header(path: Path) -> _Header:
    require_pillow()
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(path) as image:
            if image.mode not in ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"):
                raise unsupported_form(path, f"pixel format {image.mode}", "convert it to 8 bits a channel first")
            # A phone's JPEG with a preview inside (MPO) counts as one picture.
            if getattr(image, "is_animated", False) and image.format != "MPO":
                raise unsupported_form(path, "several frames", "store the frame that you mean as a single image")
            width, height = image.size
            # Reading EXIF from a PNG would decode all of it; there the decoder's own check of the size is enough.
            turned = image.format in ("JPEG", "MPO", "TIFF", "WEBP") and image.getexif().get(0x0112, 1) >= 5
            return _Header(*((width, height) if turned else (height, width)), grey=image.mode in ("1", "L", "LA"))


def _check_sizes(headers: list[tuple[Path, _Header]]) -> None:
    first_path, first = headers[0]
    other = [(path, header) for path, header in headers if (header.height, header.width) != (first.height, first.width)]
    if not other:
        return
    path, header = other[0]
    name, first_name = (f"'{item.parent.name}/{item.name}'" for item in (path, first_path))
    raise DataError(
        "E505",
        f"the images differ in size: {len(other)} of {len(headers)} differ from the first",
        where=str(path),
        got=f"{header.height} x {header.width} (height x width) in {name}",
        expected=f"{first.height} x {first.width} as in {first_name}",
        hint="set height and width, then every image is scaled to that size",
    )
