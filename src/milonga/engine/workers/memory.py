"""How much memory the processes of one attempt hold together. Linux only: elsewhere nothing is seen, and 0 is said."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_PROC = Path("/proc")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def memory_of_session(leader: int) -> int:
    """Bytes held by all processes of the session that `leader` leads: what is private, and the largest shared part.

    Memory that a fork still shares with its parent counts once a process, so this may be a little high, never low.
    """
    private = shared = 0
    with contextlib.suppress(OSError):
        for entry in os.scandir(_PROC):
            if entry.name.isdigit():
                own, files = _memory_of(entry.name, leader)
                private += own
                shared = max(shared, files)
    return private + shared


def _memory_of(pid: str, leader: int) -> tuple[int, int]:
    """Private and file-backed bytes of a process; nothing when it has gone or belongs to another session."""
    try:
        fields = (_PROC / pid / "stat").read_text().rpartition(")")[2].split()
        if int(fields[3]) != leader:
            return 0, 0
        resident, files = (_PROC / pid / "statm").read_text().split()[1:3]
    except (OSError, ValueError, IndexError):
        return 0, 0
    return (int(resident) - int(files)) * _PAGE_BYTES, int(files) * _PAGE_BYTES
