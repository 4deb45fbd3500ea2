"""The log of a container: written by the engine's client, in a folder where the container may write as well."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

_TAIL_BYTES = 4096


def tail_of(path: Path) -> str:
    """The end of a log; "" when there is none, or something else stands there: a link leads to any file."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode):
                stream.seek(max(0, status.st_size - _TAIL_BYTES))
                return stream.read().decode("utf-8", "replace")
    return ""
