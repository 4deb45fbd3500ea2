"""One attempt of one step, as a process of its own."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence

_LINE_BYTES_MAX = 1 << 16
_STREAMS = (1, 2)
_LEFT_BYTES_MAX = 1 << 20
"""A pipe holds no more, unless somebody still writes who has left the group."""


class AttemptProcess:
    """A fork of this process that does some work. Owned by the thread that made it.

    What it writes is written again by this process, line by line, with a mark before each. It leads a process group, so
    that it can be ended with everything that it has started.

    Args:
        work: what it does; its result is the exit code.
        mark: what stands before each of its lines.
        timeout_s: after how long it is ended; 0 for never.
    """

    def __init__(self, work: Callable[[], int], mark: str, timeout_s: float = 0.0) -> None:
        self.started_at = time.time()
        self.is_timed_out = False
        self.exit_code: int | None = None
        self.cpu_s = 0.0
        self.memory_bytes = 0
        self._mark = mark.encode("utf-8", "surrogatepass")
        self._deadline = time.monotonic() + timeout_s if timeout_s else None
        pipes = [os.pipe() for _ in _STREAMS]
        writings = [writing for _, writing in pipes]
        self._targets = {reading: target for (reading, _), target in zip(pipes, _STREAMS, strict=True)}
        self._rests = dict.fromkeys(self._targets, b"")
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            _be_child(work, list(self._targets), writings)
        for writing in writings:
            os.close(writing)
        for reading in self._targets:
            os.set_blocking(reading, False)

    def readers(self) -> list[int]:
        """File descriptors that have something when there is something to read."""
        return list(self._targets)

    def read(self, reader: int) -> bool:
        """Pass on what it has written; whether there was anything."""
        try:
            block = os.read(reader, _LINE_BYTES_MAX)
        except BlockingIOError:
            return False
        *lines, rest = (self._rests[reader] + block).split(b"\n")
        if rest and (not block or len(rest) >= _LINE_BYTES_MAX):
            lines, rest = [*lines, rest], b""
        self._rests[reader] = rest
        self._pass_on(reader, lines)
        if not block:
            self._forget(reader)
        return bool(block)

    def _pass_on(self, reader: int, lines: Sequence[bytes]) -> None:
        if lines:
            _write(self._targets[reader], b"".join(self._mark + line + b"\n" for line in lines))

    def _forget(self, reader: int) -> None:
        del self._targets[reader]
        os.close(reader)

    def has_ended(self) -> bool:
        """Whether it is over. One that takes too long is ended here."""
        if self.exit_code is not None:
            return True
        if self._deadline is not None and time.monotonic() > self._deadline and not self.is_timed_out:
            self.is_timed_out = True
            self.kill()
        pid, status, used = os.wait4(self._pid, os.WNOHANG)
        if not pid:
            return False
        self.exit_code = os.waitstatus_to_exitcode(status)
        self.cpu_s = round(used.ru_utime + used.ru_stime, 4)
        self.memory_bytes = used.ru_maxrss * 1024
        self.kill()  # what it has started and left behind
        for reader in list(self._targets):
            self._drain(reader)
        return True

    def _drain(self, reader: int) -> None:
        """Read what is left, and no longer: a process that has left the group may hold the other end for ever."""
        for _ in range(_LEFT_BYTES_MAX // _LINE_BYTES_MAX):
            if not self.read(reader):
                break
        if reader in self._targets:
            self._pass_on(reader, [self._rests[reader]] if self._rests[reader] else [])
            self._forget(reader)

    def kill(self) -> None:
        """End it, and everything that it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)


def _be_child(work: Callable[[], int], readings: Sequence[int], writings: Sequence[int]) -> None:
    """Do the work and leave, whatever happens: nothing of the parent's stack runs twice."""
    code = 1
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        for target, reading, writing in zip(_STREAMS, readings, writings, strict=True):
            os.dup2(writing, target)
            os.close(writing)
            os.close(reading)  # else whoever is left behind would never see that nobody reads any more
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        code = work()
        threading._shutdown()  # type: ignore[attr-defined]  # threads of the author's that are no daemons
        atexit._run_exitfuncs()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
        if isinstance(ending.code, str):
            print(ending.code, file=sys.stderr)  # noqa: T201 - as Python does
    except BaseException:  # noqa: BLE001 - nobody else will tell
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code & 0xFF)


def _write(target: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(target, view) :]
