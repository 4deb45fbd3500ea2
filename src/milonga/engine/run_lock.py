"""The lock of a run: only one engine may work on it. The lock goes with the process that holds it, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from milonga.errors import RunError

_FILE = "lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the run in `folder`.

    Raises:
        RunError: E438, another process holds it.
    """
    with (folder / _FILE).open("a+") as stream:
        if not _taken(stream):
            raise RunError(
                "E438", "the run is still going on in another process", where=folder.name, hint="wait for it, or end it"
            )
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def _taken(stream: TextIO) -> bool:
    """Try for a moment: somebody who only asks `is_held` has the lock for an instant as well."""
    for _ in range(20):
        with contextlib.suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.01)
    return False


def is_held(folder: Path) -> bool:
    """Whether some process works on the run in `folder` now."""
    try:
        with (folder / _FILE).open("r") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
