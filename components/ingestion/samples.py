"""Sample data that comes with an installed package: nothing is downloaded."""

from __future__ import annotations

import shutil
import struct
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.errors import DataError, MissingExtra

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def write_digits(folder: Path) -> int:
    """Write scikit-learn's handwritten digits as an image folder `<folder>/<digit>/<index>.png`.

    1797 grey images of 8 x 8 pixels (Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI 1998); the
    values 0 to 16 become 0 to 255. The same bytes on every machine; done again over its own result, it does nothing.

    Args:
        folder: where to; absent, empty, or a former result.

    Returns:
        The number of images in the folder.

    Raises:
        DataError: E514, the folder holds something else.
        MissingExtra: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as reason:
        raise MissingExtra.of("scikit-learn", "data", "writing the digits") from reason
    digits: Any = load_digits()
    # 0..16 to 0..255, halves rounded up, in integers so that no rounding mode matters.
    pixels = ((digits.images.astype("int64") * 255 + 8) // 16).astype("uint8")
    files = {
        f"{label}/{index:04d}.png": encode_png(image)
        for index, (image, label) in enumerate(zip(pixels, digits.target.tolist(), strict=True))
    }
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        if folder.is_dir() and _content(folder) == files:
            return len(files)
        raise DataError(
            "E514",
            "the folder holds something else than the digits",
            where=str(folder),
            expected="a folder that is absent or empty, or one that this command wrote",
            hint="choose another folder, or empty this one",
        )
    _write_all(folder, files)
    return len(files)


def encode_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """One grey image as PNG (ISO/IEC 15948), uncompressed: a compressor's version would show in the bytes.

    Args:
        pixels: uint8 `[height, width]`, at most 65535 bytes in all so that deflate needs one stored block.
    """
    height, width = pixels.shape
    rows = b"".join(b"\x00" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


def _content(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if not path.is_dir())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _write_all(folder: Path, files: dict[str, bytes]) -> None:
    """Write beside `folder`, then rename: an interrupted call leaves no half-written data set."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        beside.chmod(0o755)
        for name, content in files.items():
            path = beside / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        beside.replace(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
