"""The lock of a run: only one engine may work on it. The lock goes with the process that holds it, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from milonga.errors import RunError, StoreError

_FILE = "lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the run in `folder`, whose file `lock` then has the id of this process.

    Raises:
        RunError: E438, another process holds it.
        StoreError: E423, the folder cannot be written.
    """
    stream = _opened(folder / _FILE)
    try:
        if not _taken(stream):
            raise RunError(
                "E438", "the run is still going on in another process", where=folder.name, hint="wait for it, or end it"
            )
        with contextlib.suppress(OSError):  # who holds it is for people; a full disk may keep it to itself
            os.ftruncate(stream, 0)
            os.write(stream, str(os.getpid()).encode())
        yield
    finally:
        os.close(stream)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise StoreError("E423", f"the state folder cannot be written: {error.strerror}", where=str(path)) from error


def _taken(stream: int) -> bool:
    """Try for a moment: somebody who only asks `is_held` has the lock for an instant as well."""
    for _ in range(20):
        with contextlib.suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.01)
    return False


def is_held(folder: Path) -> bool:
    """Whether some process works on the run in `folder` now."""
    return is_locked(folder / _FILE)


def is_locked(file: Path, *, also_shared: bool = False) -> bool:
    """Whether some process holds a lock on `file` now.

    Args:
        file: what is locked; one that does not exist is not.
        also_shared: a lock that its holder shares counts too. Then two that ask at the same moment see each other.
    """
    try:
        with file.open("r") as stream:
            fcntl.flock(stream, (fcntl.LOCK_EX if also_shared else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
