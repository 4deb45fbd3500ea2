"""How much memory the processes of attempts hold together. Linux only: elsewhere nothing is seen, and 0 is said."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from pathlib import Path

_PROC = Path("/proc")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def memory_of_sessions(leaders: Collection[int]) -> dict[int, int]:
    """Bytes held by all processes of each session, by its leader: what is private, and the largest shared part.

    Memory that a fork still shares with its parent counts once a process, so this may be a little high, never low.
    All processes of the machine are gone through once, however many sessions are asked for.
    """
    private = dict.fromkeys(leaders, 0)
    shared = dict.fromkeys(leaders, 0)
    with contextlib.suppress(OSError):
        for entry in os.scandir(_PROC):
            if entry.name.isdigit():
                leader = _leader_of(int(entry.name))
                if leader in private:
                    own, files = _memory_of(entry.path)
                    private[leader] += own
                    shared[leader] = max(shared[leader], files)
    return {leader: private[leader] + shared[leader] for leader in private}


def _leader_of(pid: int) -> int:
    """The leader of a process's session; 0 when the process has gone. One system call: nothing is opened for it."""
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def _memory_of(process: str) -> tuple[int, int]:
    """Private and file-backed bytes of a process, by its folder; nothing when it has gone."""
    try:
        resident, files = Path(process, "statm").read_bytes().split()[1:3]
    except (OSError, ValueError):
        return 0, 0
    return (int(resident) - int(files)) * _PAGE_BYTES, int(files) * _PAGE_BYTES
