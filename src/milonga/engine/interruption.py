"""Ctrl-C, SIGTERM and a closed terminal end a run in order: what has ended is recorded, and it can be resumed."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from milonga.engine.workers.step import run_kfp_step, run_milonga_step

_DEFAULTS: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}
_SAID = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "its terminal is gone"}
_AUTHOR_CODE = (run_milonga_step.__code__, run_kfp_step.__code__)
"""Frames of these run the author's functions."""


class Interrupted(KeyboardInterrupt):
    """Somebody asked the engine to end, and it was told where nothing is half done. `str` of it says how."""


class Interruption:
    """Takes signals while a run goes on, and lets the scheduler hear of them where nothing is half done.

    A signal does not break into the engine's work: it is remembered, and `stream` becomes readable. A second one does
    not wait: it raises KeyboardInterrupt where the program stands. So does the first one when that is the author's
    code, in a run without processes of its own. Once `check` has raised, more of them change nothing.

    Only the main thread can take signals; a run in another one cannot be interrupted by them. Signals that are ignored
    (nohup) or have a handler of the application's own are left alone.

    Attributes:
        stream: a file descriptor that can be read when there was a signal.
    """

    def __init__(self) -> None:
        self._asked: signal.Signals | None = None
        self._is_ending = False
        self._before: dict[signal.Signals, Any] = {}
        self.stream, self._wake = os.pipe()

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            for number, default in _DEFAULTS.items():
                if signal.getsignal(number) == default:
                    self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self.stream)
        os.close(self._wake)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._is_ending:
            return
        is_first, self._asked = self._asked is None, self._asked or signal.Signals(number)
        if not is_first or _runs_author_code(frame):
            self._is_ending = True
            raise KeyboardInterrupt(_SAID[self._asked])
        with contextlib.suppress(OSError):
            os.write(self._wake, b".")

    def check(self) -> None:
        """Called where nothing is half done.

        Raises:
            Interrupted: there was a signal.
        """
        if self._asked is not None:
            self._is_ending = True
            raise Interrupted(_SAID[self._asked])

    def wrap_up(self) -> None:
        """The run has ended; a signal changes nothing any more."""
        self._is_ending = True


def _runs_author_code(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code in _AUTHOR_CODE:
            return True
        frame = frame.f_back
    return False
