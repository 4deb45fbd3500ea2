"""Runs each attempt in the engine's own process and thread: breakpoints are hit, `pdb` works, nothing is isolated."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from milonga.engine.workers.base import LOG_FILE, StepEnded, StepRequest
from milonga.engine.workers.step import describe_error, run_kfp_step, run_milonga_step, shown_error


class InProcessPool:
    """A pool of one: `submit` runs the attempt to its end. It cannot be killed, so timeouts do not apply."""

    def __init__(self) -> None:
        self._ended: list[StepEnded] = []

    def submit(self, request: StepRequest) -> None:
        """Run the attempt now."""
        before, began = time.process_time(), time.monotonic()
        output: Mapping[str, Any] | None = None
        error: Mapping[str, Any] | None = None
        with _environment(request.environment), _teed(request.folder / LOG_FILE):
            try:
                output = self._run(request)
            except KeyboardInterrupt:
                raise
            except BaseException as failure:  # noqa: BLE001 - the author's code may raise anything, SystemExit too
                if not (isinstance(failure, SystemExit) and failure.code in (None, 0)):
                    error = describe_error(failure)
                    print(shown_error(failure, error), file=sys.stderr)  # noqa: T201
        cpu_s = time.process_time() - before
        wall_s = time.monotonic() - began
        self._ended.append(StepEnded(request.id, 1 if error else 0, cpu_s, 0, output, error, wall_s))

    @staticmethod
    def _run(request: StepRequest) -> dict[str, Any]:
        if request.kind == "kfp":
            request.folder.mkdir(parents=True, exist_ok=True)
            return run_kfp_step(
                request.function, request.source, request.packages, request.folder, request.executor_input
            )
        return run_milonga_step(
            request.live_function,
            request.function,
            request.source,
            request.modules,
            request.packages,
            request.executor_input,
            write_output=False,
        )

    def streams(self) -> list[int]:
        """None: an attempt has ended when `submit` returns."""
        return []

    def collect(self) -> list[StepEnded]:
        """What has ended."""
        ended, self._ended = self._ended, []
        return ended

    def kill(self, request_id: int) -> None:
        """Nothing runs between two calls, so there is nothing to end."""

    def close(self) -> None:
        """Nothing to end."""


class _Tee:
    """Writes to the terminal and to the log, which is made when something is written."""

    def __init__(self, path: Path, terminal: TextIO) -> None:
        self._path = path
        self._log: TextIO | None = None
        self._terminal = terminal

    def write(self, text: str) -> int:
        if self._log is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._log = self._path.open("a", encoding="utf-8", errors="backslashreplace")
        self._log.write(text)
        return self._terminal.write(text)

    def flush(self) -> None:
        if self._log is not None:
            self._log.flush()
        self._terminal.flush()

    def close_log(self) -> None:
        if self._log is not None:
            self._log.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._terminal, name)


@contextlib.contextmanager
def _teed(path: Path) -> Iterator[None]:
    """Both streams to the log and to stderr: stdout belongs to the engine's own result."""
    tee: Any = _Tee(path, sys.stderr)
    try:
        with contextlib.redirect_stdout(tee), contextlib.redirect_stderr(tee):
            yield
    finally:
        tee.close_log()


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
