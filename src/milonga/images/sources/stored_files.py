"""Files by name, in a folder or in a tar; nothing is ever unpacked."""

from __future__ import annotations

import contextlib
import errno
import posixpath
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, Protocol

from milonga.images.documents import LARGEST_DOCUMENT_BYTES
from milonga.images.sources.source import unreadable

_BROKEN = (OSError, EOFError, tarfile.TarError, zlib.error)
_OF_THE_WRITER = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StoredFiles(Protocol):
    """Files by relative name."""

    @property
    def title(self) -> str:
        """What they are in."""
        ...

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        ...

    def opened(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """A file, for a `with`.

        Raises:
            UsageError: E981, it cannot be read, now or further on.
        """
        ...


def read_document(files: StoredFiles, name: str) -> bytes:
    """The bytes of a file that is a document.

    Raises:
        UsageError: E981, it cannot be read or is too long.
    """
    with files.opened(name) as stream:
        content = stream.read(LARGEST_DOCUMENT_BYTES + 1)
    if len(content) > LARGEST_DOCUMENT_BYTES:
        raise unreadable(files.title, f"{name} is too long")
    return content


class FolderFiles:
    """The files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def title(self) -> str:
        """The folder."""
        return str(self._folder)

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return _stays_inside(name) and (self._folder / name).is_file()

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[IO[bytes]]:
        """A file, for a `with`.

        Raises:
            UsageError: E981, it cannot be read, now or further on.
        """
        if not _stays_inside(name):
            raise unreadable(self.title, f"'{name}' leads out of it")
        with _told(self.title, name), (self._folder / name).open("rb") as stream:
            yield stream


class TarFiles:
    """The files of a tar, compressed or not.

    Raises:
        UsageError: E981, it is no tar.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with _told(self.title, ""), tarfile.open(path) as archive:
            self._names = {posixpath.normpath(member.name): member.name for member in archive.getmembers()}

    @property
    def title(self) -> str:
        """The tar."""
        return str(self._path)

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return name in self._names

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[IO[bytes]]:
        """A file, for a `with`; links inside the tar are followed.

        Raises:
            UsageError: E981, it cannot be read, now or further on.
        """
        with _told(self.title, name), tarfile.open(self._path) as archive:
            try:
                member = archive.extractfile(self._names.get(posixpath.normpath(name), ""))
            except KeyError:
                member = None
            if member is None:
                raise unreadable(self.title, f"there is no file '{name}' in it")
            with member:
                yield member


def _stays_inside(name: str) -> bool:
    """Whether a name, which somebody else may have written, is one of a file below the folder."""
    return not name.startswith("/") and ".." not in name.split("/") and "\0" not in name


@contextlib.contextmanager
def _told(title: str, name: str) -> Iterator[None]:
    """Says of which file an error is."""
    try:
        yield
    except _BROKEN as error:
        number: Any = getattr(error, "errno", None)
        if number in _OF_THE_WRITER:
            raise
        why = getattr(error, "strerror", None) or error
        raise unreadable(title, f"{name}: {why}" if name else why) from None
