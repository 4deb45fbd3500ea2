"""Files in a folder, and the marks by which one is known again."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MARK_LENGTH = 32
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file as it was seen: what tells it from another state of itself.

    Attributes:
        path: absolute.
        size: in bytes.
        changed_ns: when its content was changed, as the file says.
    """

    path: str
    size: int
    changed_ns: int

    @property
    def mark(self) -> str:
        """A digest of all three."""
        text = os.fsencode(self.path) + f"\0{self.size}\0{self.changed_ns}".encode()
        return hashlib.sha256(text).hexdigest()[:_MARK_LENGTH]

    def content_mark(self) -> str:
        """A digest of the file's content now.

        Raises:
            OSError: it cannot be read.
        """
        digest = hashlib.sha256()
        with Path(self.path).open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
        return f"content-{digest.hexdigest()[:_MARK_LENGTH]}"


def sightings(folder: str, pattern: str) -> Iterator[Sighting]:
    """The files that are there now, in the order of their names; hidden ones when the pattern says so.

    Raises:
        OSError: the folder cannot be read.
    """
    parts = pattern.split("/")
    if parts[-1] == "**":
        parts.append("*")
    shows_hidden = any(part.startswith(".") for part in parts)  # rsync and others write to .name.XXXX and rename
    matches = [None if part == "**" else re.compile(fnmatch.translate(part)).match for part in parts]
    entries = _listed(str(Path(folder)), shows_hidden)
    found = {entry.path: entry for entry in _matching(entries, matches, shows_hidden)}
    for path in sorted(found, key=lambda path: path.replace("/", "\0")):
        try:
            status = found[path].stat()
        except OSError:  # it went while we looked, or is a link to nowhere
            continue
        if stat.S_ISREG(status.st_mode):
            yield Sighting(path, status.st_size, status.st_mtime_ns)


def _listed(folder: str, shows_hidden: bool) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return [entry for entry in entries if shows_hidden or not entry.name.startswith(".")]


def _matching(
    entries: Sequence[os.DirEntry[str]], parts: Sequence[Callable[[str], Any] | None], shows_hidden: bool
) -> Iterator[os.DirEntry[str]]:
    """What fits the parts of a pattern among `entries` and in the folders below; None stands for `**`.

    `Path.glob` would make an object of each of what may be very many names, and twice as slow.
    """
    part, rest = parts[0], parts[1:]
    if part is None:
        yield from _matching(entries, rest, shows_hidden)
    for entry in entries:
        if part is not None and not part(entry.name):
            continue
        if part is not None and not rest:
            yield entry
            continue
        try:
            below = _listed(entry.path, shows_hidden) if entry.is_dir(follow_symlinks=part is not None) else []
        except OSError:  # it went while we looked, or is closed to us
            continue
        yield from _matching(below, parts if part is None else rest, shows_hidden)
