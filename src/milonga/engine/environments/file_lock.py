"""A lock between processes that goes with whoever holds it, however they end."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(file: Path, *, wait: bool = True) -> Iterator[int | None]:
    """Hold the lock of `file`, which is made when it is not there.

    Args:
        file: stays where it is afterwards.
        wait: whether to wait for it; without, the value is None while somebody else holds it.

    Yields:
        Its file descriptor. Child processes that inherit it hold the lock as well.

    Raises:
        OSError: the file cannot be made.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        taken = False
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            taken = True
        yield descriptor if taken else None
    finally:
        os.close(descriptor)
