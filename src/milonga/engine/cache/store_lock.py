"""`StoreLock`: nobody takes content away while somebody else relies on it and has not yet written that down.

An engine holds it shared from the moment that it looks at stored content, or moves some in, until the rows that say so
are committed: milliseconds, mostly. Who evicts holds it alone while it decides and takes away. From the rows it then
sees everything that anybody relies on. The lock goes with the process that holds it, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from milonga.engine.home import Home
from milonga.errors import StoreError

_PAUSE_S = 0.01


class StoreLock:
    """The lock of one content store, for one thread."""

    def __init__(self, home: Home) -> None:
        self._path = home.root / "store.lock"
        self._stream = -1
        self._is_held = False

    def hold(self, before_waiting: Callable[[], None] = lambda: None) -> None:
        """Hold it together with other engines; waits for who evicts. Held already, nothing happens.

        Args:
            before_waiting: called if there is need to wait: lets go of whatever the other one may wait for.

        Raises:
            StoreError: E423, its file cannot be made.
        """
        if self._is_held:
            return
        stream = self._opened()
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            before_waiting()
            fcntl.flock(stream, fcntl.LOCK_SH)
        self._is_held = True

    def release(self) -> None:
        """Let go of it, if it is held."""
        if self._is_held:
            fcntl.flock(self._stream, fcntl.LOCK_UN)
            self._is_held = False

    @contextmanager
    def alone(self, patience_s: float) -> Iterator[None]:
        """Hold it with nobody else.

        Raises:
            StoreError: E423 its file cannot be made, E425 it was not free for `patience_s` seconds.
        """
        self.release()
        stream = self._opened()
        deadline = time.monotonic() + patience_s
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > deadline:
                raise StoreError(
                    "E425",
                    f"runs have been working on the content store for {patience_s:g} s without a pause",
                    where=str(self._path.parent),
                    hint="try again when they have ended",
                )
            time.sleep(_PAUSE_S)
        try:
            yield
        finally:
            fcntl.flock(stream, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of it and of its file."""
        if self._stream >= 0:
            os.close(self._stream)
            self._stream, self._is_held = -1, False

    def _opened(self) -> int:
        if self._stream < 0:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._stream = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            except OSError as error:
                reason = error.strerror
                raise StoreError("E423", f"the run store cannot be written: {reason}", where=str(self._path)) from error
        return self._stream
