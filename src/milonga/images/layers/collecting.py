"""Which entries the files of this machine become."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from milonga.errors import UsageError
from milonga.images.layers.addition import Addition
from milonga.images.layers.entry import LayerEntry
from milonga.images.layers.exclusion import USUAL_PATTERNS, Exclusion, patterns_in
from milonga.images.layers.folders import described_folders, is_described

_IGNORE_FILE = ".dockerignore"


def entries_of(additions: Iterable[Addition]) -> tuple[LayerEntry, ...]:
    """Entries of everything that is added, sorted by the bytes of their paths.

    Raises:
        UsageError: E983 something that cannot be in an image, E984 two things for one place.
    """
    found: dict[str, LayerEntry] = {}
    for addition in additions:
        for entry in _added(addition):
            _put(found, entry)
    for path in tuple(found):
        for folder in described_folders(path):
            _put(found, LayerEntry(path=folder))
    _check_folders(found)
    return tuple(found[path] for path in sorted(found, key=os.fsencode))


def _put(found: dict[str, LayerEntry], entry: LayerEntry) -> None:
    other = found.setdefault(entry.path, entry)
    if other is entry or other == entry or (_is_same_file(other, entry)):
        return
    raise _two_for(entry.path, entry, other)


def _is_same_file(one: LayerEntry, other: LayerEntry) -> bool:
    if one.source is None or other.source is None or one.mode != other.mode:
        return False
    return one.source.read_bytes() == other.source.read_bytes()


def _check_folders(found: dict[str, LayerEntry]) -> None:
    """Nothing may lie below what is a file or a link."""
    for path, entry in found.items():
        above = posixpath.dirname(path)
        while above:
            if above in found and not found[above].is_folder:
                raise _two_for(above, found[above], entry)
            above = posixpath.dirname(above)


def _two_for(path: str, one: LayerEntry, other: LayerEntry) -> UsageError:
    names = sorted(f"'{entry.source or entry.target or 'a folder'}'" for entry in (one, other))
    return UsageError("E984", "two things are added at one place", where=f"/{path}", got=" and ".join(names))


def _added(addition: Addition) -> Iterator[LayerEntry]:
    root = addition.source.resolve()
    place = addition.destination.strip("/")
    if not root.is_dir():
        if not place:
            raise UsageError("E983", "a file needs a name in the image", got=str(addition.source))
        yield _file(root, place)
        return
    if place and is_described(place):
        yield LayerEntry(path=place)
    for relative in _walked(root, _exclusion(root, addition.patterns)):
        yield _entry(root, relative, posixpath.join(place, relative))


def _exclusion(root: Path, patterns: tuple[str, ...]) -> Exclusion:
    ignore = root / _IGNORE_FILE
    own = patterns_in(ignore.read_text("utf-8", "surrogateescape")) if ignore.is_file() else ()
    return Exclusion.of((*USUAL_PATTERNS, *own, *patterns))


def _walked(root: Path, exclusion: Exclusion, folder: str = "") -> Iterator[str]:
    """Paths below `root` that are not excluded."""
    try:
        with os.scandir(root / folder) as listing:
            inside = [(one.name, one.is_dir(follow_symlinks=False)) for one in listing]
    except OSError as error:
        raise UsageError("E983", f"a folder cannot be read: {error.strerror}", got=str(root / folder)) from None
    for name, is_folder in inside:
        path = posixpath.join(folder, name)
        excluded = exclusion.excludes(path)
        if not excluded:
            yield path
        if is_folder and (not excluded or exclusion.brings_back):
            yield from _walked(root, exclusion, path)


def _entry(root: Path, relative: str, place: str) -> LayerEntry:
    path = root / relative
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return LayerEntry(path=place, target=_kept_link(root, path))
    return LayerEntry(path=place) if stat.S_ISDIR(mode) else _file(path, place)


def _file(path: Path, place: str) -> LayerEntry:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise UsageError("E983", "only files, folders and links can be in an image", got=str(path))
    if not os.access(path, os.R_OK):
        raise UsageError("E983", "a file cannot be read", got=str(path))
    return LayerEntry(path=place, source=path, is_executable=bool(mode & stat.S_IXUSR))


def _kept_link(root: Path, link: Path) -> str:
    """Where a link leads, relative to where it stands; it may not leave the added folder, on any way."""
    target = link.readlink()
    absolute = os.path.normpath(link.parent / target)
    if not (_is_inside(absolute, root) and _is_inside(os.path.realpath(link), root)):
        raise UsageError(
            "E983",
            "a link leads out of the folder that is added",
            where=str(link),
            got=str(target),
            hint="leave it out with --exclude, or add what it leads to",
        )
    return os.path.relpath(absolute, link.parent) if target.is_absolute() else str(target)


def _is_inside(path: str, root: Path) -> bool:
    return Path(path) == root or root in Path(path).parents
