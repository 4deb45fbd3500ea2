"""The content-addressed store: equal content is kept once, and named by its SHA-256.

A file's digest is the digest of its bytes; a folder's is the digest of the sorted list of (relative path, mode, digest)
of its files, each field ended by the one byte that no file name holds. Content moves in by rename, so it is either not
there or complete. Several processes may use one store.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from milonga.engine.home import safe_name
from milonga.errors import StoreError

_CHUNK_BYTES = 1024 * 1024
_OF_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FOLDER_FORMAT = b"folder 2\n"
"""Changes with the way in which a folder is digested, so that no two ways agree on a digest by accident."""
_OTHER_THINGS = (errno.ENOENT, errno.ENOTDIR, errno.EINVAL)
"""What reading says of a place where something else lies than was put there: a part is gone, a file is a pipe. Any
other error (no descriptor free, a bad block, no permission) says nothing about the content."""


@dataclass(frozen=True, slots=True)
class Content:
    """What was found at a path: digest and size in bytes."""

    digest: str
    size_bytes: int


def digest_path(path: Path) -> Content:
    """Digest of a file or folder. Links inside a folder count as what they say, not as what they point to.

    Raises:
        OSError: a part of it cannot be read, or is neither a file, a folder nor a link.
    """
    if path.is_dir():
        return _digest_folder(path)
    return _digest_file(path)


def _digest_file(path: Path) -> Content:
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would keep its reader waiting for ever
        raise OSError(errno.EINVAL, "neither a file, a folder nor a link", str(path))
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return Content(digest.hexdigest(), size)


def _digest_folder(folder: Path) -> Content:
    digest, size = hashlib.sha256(_FOLDER_FORMAT), 0

    def enter(*fields: str) -> None:
        digest.update("".join(f"{field}\0" for field in fields).encode("utf-8", "surrogateescape"))

    for root, folders, files in os.walk(folder, onerror=_raise):
        folders.sort()
        relative = os.path.relpath(root, folder)
        enter("d", relative)
        for name in sorted([*files, *(item for item in folders if (Path(root) / item).is_symlink())]):
            path = Path(root) / name
            label = f"{relative}/{name}"
            if path.is_symlink():
                enter("l", label, os.readlink(path))  # noqa: PTH115 - as it is written there, which a Path tidies
                continue
            content = _digest_file(path)
            size += content.size_bytes
            enter("f", label, "x" if path.stat().st_mode & stat.S_IXUSR else "-", content.digest)
    return Content(digest.hexdigest(), size)


def _raise(error: OSError) -> NoReturn:
    raise error


class ContentStore:
    """Keeps artifact content under `root`, by digest.

    Args:
        on_stored: called with the place and the digest of content that `take` has just moved there or found there.
    """

    def __init__(self, root: Path, on_stored: Callable[[Path, str], None] = lambda place, digest: None) -> None:
        self.root = root
        self.on_stored = on_stored

    def place_of(self, digest: str, name: str) -> Path:
        """Where content of that digest and leaf name would be."""
        return self.root / digest[:2] / digest[2:] / safe_name(name)

    def find(self, digest: str) -> Path | None:
        """The content of that digest, if it is here."""
        with contextlib.suppress(OSError):
            return self._entry(digest)
        return None

    def _entry(self, digest: str) -> Path | None:
        try:
            entries = sorted((self.root / digest[:2] / digest[2:]).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return None
        return next((entry for entry in entries if not entry.name.startswith(".")), None)

    def _make_way(self, digest: str, name: str) -> tuple[Path, bool]:
        """Where content of that digest lies or is to lie, and whether it is there and what its address says.

        Anything else there is thrown away, and leaves its name: records lead to that place.

        Raises:
            OSError: what is there cannot be read now, which does not make it wrong.
        """
        known = self._entry(digest)
        if known is None:
            return self.place_of(digest, name), False
        try:
            if digest_path(known).digest == digest:
                return known, True
        except OSError as error:
            if error.errno not in _OTHER_THINGS:
                raise
        with contextlib.suppress(OSError):
            _remove(known.rename(_beside(known)))
        return known, False

    def take(self, path: Path, name: str) -> tuple[Path, Content]:
        """Move the file or folder at `path` into the store; a link to it stays behind, so old paths go on working.

        Raises:
            StoreError: E424, the disk is full, the content cannot be read or the store not be written; nothing is lost,
                the content stays at `path`.
        """
        try:
            content = digest_path(path)
            place = self._put(path, content, name)
        except OSError as error:
            hint = "free some space and resume the run" if error.errno in _OF_SPACE else ""
            reason = f"{error.strerror or error}"
            raise StoreError(
                "E424", f"the artifact '{name}' cannot be stored: {reason}", where=str(path), hint=hint
            ) from error
        self.on_stored(place, content.digest)
        return place, content

    def _put(self, path: Path, content: Content, name: str) -> Path:
        """Have `content`, which is at `path`, in the store, and a link to it at `path`."""
        target, is_there = self._make_way(content.digest, name)
        link = _beside(path)
        link.symlink_to(os.path.relpath(target, path.parent))  # first: it may need the last block of a full disk
        try:
            if not is_there:
                self._move_in(path, target, content.digest)
            elif path.is_dir():
                _remove(path)
            link.replace(path)
        except OSError:
            link.unlink(missing_ok=True)
            raise
        return target

    @staticmethod
    def _move_in(path: Path, target: Path, digest: str) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        _make_read_only(path)
        try:
            path.rename(target)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.EXDEV):
                raise
            if error.errno == errno.EXDEV:
                _copy_in(path, target)
            if digest_path(target).digest != digest:
                raise OSError(errno.EEXIST, "spoilt content is in its place and cannot be removed") from error
            _remove(path)  # it is in the store, by this copy or by another process that was first


def _copy_in(path: Path, target: Path) -> None:
    """Bring content from another file system: a copy beside its place, then a rename."""
    temporary = _beside(target)
    try:
        copy_content(path, temporary)
        temporary.rename(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            _remove(temporary)
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise


def copy_content(source: Path, target: Path) -> None:
    """Copy a file or folder to a path that is free; links inside a folder stay what they say.

    Raises:
        OSError: it cannot be read or written; the first such error, with what has been copied left in place.
    """
    if not source.is_dir():
        shutil.copy2(source, target)
        return
    for root, folders, files in os.walk(source, onerror=_raise):
        place = target / os.path.relpath(root, source)
        place.mkdir()
        for name in (*files, *(folder for folder in folders if Path(root, folder).is_symlink())):
            shutil.copy2(Path(root, name), place / name, follow_symlinks=False)


def _beside(path: Path) -> Path:
    """A hidden name that nobody else has, not even another thread of this process."""
    return path.with_name(f".{secrets.token_hex(8)}")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for root, _, _ in os.walk(path):
            Path(root).chmod(0o700)
        shutil.rmtree(path)
    else:
        path.unlink()


def _make_read_only(path: Path) -> None:
    """Take the write bit from files, so that a task cannot change what others share; folders stay removable.

    What belongs to another user, such as the files of a container, keeps its mode.
    """
    if not path.is_dir():
        _change_mode(path, 0, 0o222)
        return
    for root, _, files in os.walk(path):
        _change_mode(Path(root), 0o700, 0)
        for name in files:
            item = Path(root) / name
            if not item.is_symlink():
                _change_mode(item, 0, 0o222)


def _change_mode(path: Path, add: int, take: int) -> None:
    before = path.stat().st_mode
    wanted = (before | add) & ~take
    if wanted != before:
        with contextlib.suppress(PermissionError):
            path.chmod(wanted)
