"""Content of artifacts in a pod."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

_BLOCK_BYTES = 1 << 20


def content_digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder's names, kinds and contents. Modes are not counted but the executable bit."""
    whole = hashlib.sha256()
    for name, entry in _entries(path):
        found = entry.lstat()
        kind = stat.S_IFMT(found.st_mode) | (found.st_mode & stat.S_IXUSR)
        whole.update(f"{len(os.fsencode(name))} {kind} ".encode() + os.fsencode(name))
        if stat.S_ISREG(found.st_mode):
            whole.update(f"{found.st_size} ".encode())
            with entry.open("rb") as stream:
                while block := stream.read(_BLOCK_BYTES):
                    whole.update(block)
        elif stat.S_ISLNK(found.st_mode):
            whole.update(os.fsencode(entry.readlink()))
    return whole.hexdigest()


def _entries(path: Path) -> Iterator[tuple[str, Path]]:
    """A file, or a folder and all inside it, in an order that does not depend on the disk."""
    yield "", path
    if path.is_dir() and not path.is_symlink():
        for inside in sorted(path.rglob("*"), key=os.fsencode):
            yield str(inside.relative_to(path)), inside


def copy_content(source: Path, target: Path) -> None:
    """Copy a file or folder with its modes; links in a folder stay links."""
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy(source, target)
