"""Brings packages and images on threads beside the scheduler: steps that need nothing new are not kept waiting."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable

from milonga.engine.steps import Provision
from milonga.errors import MilongaError, RunError

_THREADS = 4
"""At a time; a network or a disk is busy with that."""


class Provisioning:
    """The provisions of one run, each done once.

    `request`, `collect` and `close` belong to the scheduler's thread. A provision that is still being worked on when
    the engine ends goes on in its thread until it is done or the process is gone; it is safe against both.

    Attributes:
        stream: a file descriptor that can be read when `collect` has something.
    """

    def __init__(self) -> None:
        self.stream, self._signal = os.pipe()
        self._todo: queue.SimpleQueue[Provision | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[str, MilongaError | None]] = queue.SimpleQueue()
        self._waiting: dict[str, list[Callable[[MilongaError | None], None]]] = {}
        self._results: dict[str, MilongaError | None] = {}
        self._threads = 0
        self._lock = threading.Lock()
        self._is_closed = False

    @property
    def is_busy(self) -> bool:
        """Whether anything is being provided."""
        return bool(self._waiting)

    def request(self, provision: Provision, then: Callable[[MilongaError | None], None]) -> bool:
        """Have `then` called, with what went wrong or None, when the provision is done; `collect` calls it.

        Returns:
            Whether this is the first request for it.
        """
        if provision.key in self._results:
            known = self._results[provision.key]
            if known is None:  # it was done, and what asks for it still does not find it
                known = RunError(
                    "E437",
                    f"{provision.title}: what was brought here is gone again",
                    hint="run it again",
                    kind="system",
                )
            then(known)
            return False
        waiting = self._waiting.setdefault(provision.key, [])
        waiting.append(then)
        if len(waiting) > 1:
            return False
        self._todo.put(provision)
        if self._threads < min(_THREADS, len(self._waiting)):
            self._threads += 1
            threading.Thread(target=self._work, name="milonga-provisioning", daemon=True).start()
        return True

    def _work(self) -> None:
        while (provision := self._todo.get()) is not None:
            failure: MilongaError | None = None
            try:
                provision.provide()
            except MilongaError as error:
                failure = error
            except Exception as error:  # noqa: BLE001 - a thread has nobody else to tell
                failure = RunError("E437", f"{provision.title} failed: {type(error).__name__}: {error}", kind="system")
            self._done.put((provision.key, failure))
            with self._lock:
                if not self._is_closed:
                    os.write(self._signal, b".")

    def collect(self) -> None:
        """Tell those who wait for what is done."""
        while not self._done.empty():
            os.read(self.stream, 1)
            key, failure = self._done.get()
            self._results[key] = failure
            for then in self._waiting.pop(key, []):
                then(failure)

    def close(self) -> None:
        """Let go of the pipe and the threads; nobody is waiting any more."""
        self._waiting.clear()
        for _ in range(self._threads):
            self._todo.put(None)
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                os.close(self.stream)
                os.close(self._signal)
