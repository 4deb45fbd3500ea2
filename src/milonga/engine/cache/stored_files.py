"""The folders of the content store as they are on the disk: found, measured, taken away."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from milonga.errors import StoreError
from milonga.lineage.cache_table import StoredContent

_FIRST = re.compile(r"[0-9a-f]{2}")
_REST = re.compile(r"[0-9a-f]{62}")
_TRASH = ".trash"


class StoredFiles:
    """The files under the root of one content store."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def digests(self) -> Iterator[str]:
        """Digests of everything that has a folder."""
        for first in _names(self._root):
            if _FIRST.fullmatch(first):
                yield from (first + rest for rest in _names(self._root / first) if _REST.fullmatch(rest))

    def measured(self, digest: str) -> StoredContent:
        """A content of which no row knows: what lies there, and when it came."""
        folder = self._folder(digest)
        size, moved_in = 0, 0.0
        with contextlib.suppress(OSError):
            moved_in = folder.stat().st_mtime
        for root, _, files in os.walk(folder):
            for name in files:
                with contextlib.suppress(OSError):
                    size += (Path(root) / name).lstat().st_size
        return StoredContent(digest, size, moved_in, 0)

    def take_away(self, digest: str) -> None:
        """Move a content out of reach, at once and whole. What is not there is no failure.

        Raises:
            StoreError: E427, it cannot be moved.
        """
        folder, trash = self._folder(digest), self._root / _TRASH
        try:
            trash.mkdir(exist_ok=True)
            folder.rename(trash / secrets.token_hex(8))
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StoreError(
                "E427",
                f"stored content cannot be removed: {error.strerror}",
                where=str(folder),
                hint="remove it as its owner; nothing refers to it any more",
            ) from error

    def empty_trash(self) -> None:
        """Delete what was taken away, by this process or by one that was killed meanwhile. It may take its time.

        Raises:
            StoreError: E427, something cannot be deleted.
        """
        trash = self._root / _TRASH
        if not trash.is_dir():
            return
        for root, _, _ in os.walk(trash):
            with contextlib.suppress(OSError):  # a folder that its maker has closed; one of another user stays so
                Path(root).chmod(0o700)
        failures: list[OSError] = []
        for name in _names(trash):
            try:
                shutil.rmtree(trash / name)
            except FileNotFoundError:
                pass  # another process empties it as well
            except OSError as error:
                failures.append(error)
        if failures:
            reason = failures[0].strerror
            raise StoreError("E427", f"stored content cannot be removed: {reason}", where=str(trash), hint="remove it")
        with contextlib.suppress(OSError):
            trash.rmdir()

    def _folder(self, digest: str) -> Path:
        return self._root / digest[:2] / digest[2:]


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names are wanted, and there may be very many
    except (FileNotFoundError, NotADirectoryError):
        return []
