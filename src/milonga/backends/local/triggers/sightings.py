"""Files in a folder, and the marks by which one is known again."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
    root = Path(folder)
    os.scandir(root).close()  # glob finds nothing in a folder that is gone, and does not say so
    shows_hidden = any(part.startswith(".") for part in pattern.split("/"))
    for path in sorted(root.glob(pattern)):
        if not shows_hidden and any(part.startswith(".") for part in path.relative_to(root).parts):
            continue  # rsync and others write to .name.XXXX and rename
        try:
            found = path.stat()
        except OSError:  # it went while we looked, or is a link to nowhere
            continue
        if stat.S_ISREG(found.st_mode):
            yield Sighting(str(path), found.st_size, found.st_mtime_ns)
