"""Processes that have left their task's session, and would outlive it: found again by their parent or by a mark."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

_PROC = Path("/proc")
_PR_SET_CHILD_SUBREAPER = 36
_ROUNDS = 20


def adopt_orphans(libc: ctypes.CDLL | None) -> None:
    """From now on whoever loses its parent below this process becomes its child, in whatever session it is.

    Linux only; elsewhere a process that has left its session is on its own.
    """
    if libc is not None and sys.platform == "linux":
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children_of_this_process() -> list[int]:
    """Process ids of the children, ended ones included. Nothing where the kernel does not say."""
    with contextlib.suppress(OSError, ValueError):
        return [int(pid) for pid in (_PROC / f"self/task/{os.getpid()}/children").read_text().split()]
    return []


def end(pid: int) -> None:
    """Kill a process, if there is one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def end_marked(mark: str) -> None:
    """Kill every process that has `mark` in its environment, and those that they start meanwhile.

    Raises:
        ValueError: the mark is empty, and in every environment there is.
    """
    if not mark:
        raise ValueError("an empty mark is on every process of the machine")
    for _ in range(_ROUNDS):
        found = _marked(mark.encode())
        for pid in found:
            end(pid)
        if not found:
            return
        time.sleep(0.01)


def _marked(mark: bytes) -> list[int]:
    found = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(_PROC):
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with contextlib.suppress(OSError):
                    if mark in Path(entry.path, "environ").read_bytes():
                        found.append(int(entry.name))
    return found
