"""Writing a file so that a reader sees all of it or what was there before."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

_NAME_MAX = 100
"""Characters of the file's name that a temporary name beside it takes over; file systems take 255 bytes."""


def write_text(path: Path, text: str) -> None:
    """Write a file in one step. Links are followed, and a file that was there keeps its mode.

    What is no file (a pipe, a device) is written into, as a shell would do it.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and (not path.is_file() or path.parts[:2] in ((os.sep, "dev"), (os.sep, "proc"))):
        path.write_text(text, encoding="utf-8")
        return
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name[:_NAME_MAX]}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        mode = target.stat().st_mode & 0o7777 if target.exists() else None
        with temporary.open("x", encoding="utf-8") as stream:
            stream.write(text)
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
