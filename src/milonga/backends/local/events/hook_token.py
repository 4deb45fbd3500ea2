"""The secret that callers of hooks must know: made by us, kept in a file that only its owner reads, never printed."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path

from milonga.errors import UsageError

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,256}")


def hook_token(path: Path) -> str:
    """The token in the file `path`; the file is made with a new one when it is not there.

    Raises:
        UsageError: E971, somebody else may read the file, or what it holds is no token of ours.
    """
    if not path.exists():
        _make(path)
    try:
        mode = path.stat().st_mode & 0o777
        text = path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise UsageError("E971", f"the token of hooks cannot be read: {error}", where=str(path)) from None
    if mode & 0o077:
        raise UsageError(
            "E971",
            "others may read the token of hooks",
            where=str(path),
            got=f"mode {mode:o}",
            expected="mode 600",
            hint="delete the file: a new token is made, since this one may be known",
        )
    if not _TOKEN.fullmatch(text):
        raise UsageError("E971", "the file of the token holds no token", where=str(path), hint="delete it")
    return text


def _make(path: Path) -> None:
    """A new token, complete before it has its name: two processes that begin together read the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(secrets.token_urlsafe(32) + "\n")
    with contextlib.suppress(FileExistsError):
        os.link(beside, path)
    beside.unlink()
