"""The content-addressed store: equal content is kept once, and named by its SHA-256.

A file's digest is the digest of its bytes; a folder's is the digest of the sorted list of (relative path, mode, digest)
of its files. Content moves in by rename, so it is either not there or complete. Several processes may use one store.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from milonga.errors import StoreError

_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Content:
    """What was found at a path: digest and size in bytes."""

    digest: str
    size_bytes: int


def digest_path(path: Path) -> Content:
    """Digest of a file or folder. Links inside a folder count as what they say, not as what they point to."""
    if path.is_dir():
        return _digest_folder(path)
    return _digest_file(path)


def _digest_file(path: Path) -> Content:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return Content(digest.hexdigest(), size)


def _digest_folder(folder: Path) -> Content:
    digest, size = hashlib.sha256(b"folder\n"), 0
    for root, folders, files in os.walk(folder):
        folders.sort()
        relative = os.path.relpath(root, folder)
        digest.update(f"d {relative}\n".encode("utf-8", "surrogateescape"))
        for name in sorted([*files, *(item for item in folders if (Path(root) / item).is_symlink())]):
            path = Path(root) / name
            label = f"{relative}/{name}"
            if path.is_symlink():
                digest.update(f"l {label} {path.readlink()}\n".encode("utf-8", "surrogateescape"))
                continue
            content = _digest_file(path)
            size += content.size_bytes
            executable = "x" if path.stat().st_mode & stat.S_IXUSR else "-"
            digest.update(f"f {label} {executable} {content.digest}\n".encode("utf-8", "surrogateescape"))
    return Content(digest.hexdigest(), size)


class ContentStore:
    """Keeps artifact content under `root`, by digest."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def place_of(self, digest: str, name: str) -> Path:
        """Where content of that digest and leaf name would be."""
        return self.root / digest[:2] / digest[2:] / name

    def find(self, digest: str) -> Path | None:
        """The content of that digest, if it is here."""
        folder = self.root / digest[:2] / digest[2:]
        with contextlib.suppress(OSError):
            for entry in sorted(folder.iterdir()):
                if not entry.name.startswith("."):
                    return entry
        return None

    def _find_intact(self, digest: str) -> Path | None:
        """Like `find`, for content that is what its address says; anything else there is thrown away."""
        known = self.find(digest)
        if known is None or digest_path(known).digest == digest:
            return known
        spoilt = known.with_name(f".{known.name}.{os.getpid()}.spoilt")
        with contextlib.suppress(OSError):
            known.rename(spoilt)
            self._remove(spoilt)
        return None

    def take(self, path: Path, name: str) -> tuple[Path, Content]:
        """Move the file or folder at `path` into the store; a link to it stays behind, so old paths go on working.

        Raises:
            StoreError: E424, the disk is full or cannot be written; nothing is lost, the content stays at `path`.
        """
        content = digest_path(path)
        known = self._find_intact(content.digest)
        try:
            if known is None:
                known = self._move_in(path, content.digest, name)
            else:
                self._remove(path)
            path.symlink_to(os.path.relpath(known, path.parent))
        except OSError as error:
            raise StoreError(
                "E424",
                f"the artifact '{name}' cannot be stored: {error.strerror}",
                where=str(path),
                hint="free some space and resume the run" if error.errno == errno.ENOSPC else "",
            ) from error
        return known, content

    def _move_in(self, path: Path, digest: str, name: str) -> Path:
        target = self.place_of(digest, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        _make_read_only(path)
        try:
            path.rename(target)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.EXDEV):
                raise
            if error.errno == errno.EXDEV:
                temporary = target.with_name(f".{name}.{os.getpid()}")
                shutil.copytree(path, temporary, symlinks=True) if path.is_dir() else shutil.copy2(path, temporary)
                temporary.rename(target)
            self._remove(path)  # another process stored the same content first
        return target

    @staticmethod
    def _remove(path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _make_read_only(path: Path) -> None:
    """Take the write bit from files, so that a task cannot change what others share; folders stay removable."""
    if not path.is_dir():
        path.chmod(path.stat().st_mode & ~0o222)
        return
    for root, _, files in os.walk(path):
        for name in files:
            item = Path(root) / name
            if not item.is_symlink():
                item.chmod(item.stat().st_mode & ~0o222)
