"""Runs each attempt in a container of its own, by way of a process that outlives a killed engine (the steward).

What is needed for that is loaded with the first container: most runs have none.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.engine.home import Home
from milonga.engine.workers.base import StepEnded, StepRequest
from milonga.engine.workers.readiness import wait_for_ready
from milonga.errors import MilongaError, RunError

_CHUNK_BYTES = 1 << 20
_PATIENCE_S = 60.0
"""How long the steward may take to end its containers when the run is over."""


class ContainerPool:
    """The pool behind container components, and behind all steps of a run in containers.

    Args:
        home: the state folder; its content store is what every container may read.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._token = ""
        self._steward: subprocess.Popen[bytes] | None = None
        self._running: dict[int, StepRequest] = {}
        self._refused: list[StepEnded] = []
        self._buffer = b""

    def submit(self, request: StepRequest) -> None:
        """Hand a container over to the steward; what cannot be started is reported by the next `collect`."""
        from milonga.engine.containers.finding import find_engine
        from milonga.engine.containers.requests import steward_message

        try:
            engine = find_engine()
            self._ensure_steward(engine.path, request.folder)
            message = steward_message(engine, request, self._home, self._token)
        except MilongaError as error:
            self._refused.append(StepEnded(request.id, 1, error=error.to_json()))
            return
        self._running[request.id] = request
        self._send(message)

    def _ensure_steward(self, engine: str, folder: Path) -> None:
        from milonga.engine.containers.surroundings import run_of

        if self._steward is not None:
            return
        self._token = secrets.token_hex(6)
        path = [entry or str(Path.cwd()) for entry in sys.path]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(path))}
        command = [sys.executable, "-m", "milonga.engine.containers.steward"]
        try:
            self._steward = subprocess.Popen(
                [*command, engine, str(self._home.root), run_of(folder, self._home), self._token],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                bufsize=0,
                start_new_session=True,  # Ctrl-C reaches the engine only; it decides what ends
            )
            if self._steward.stdin is not None:
                os.set_blocking(self._steward.stdin.fileno(), False)
        except OSError as error:
            raise RunError("E431", f"the worker process does not start: {error.strerror}", kind="system") from error

    def _send(self, message: Mapping[str, Any]) -> None:
        """Write to the steward, and take in what it reports meanwhile: else each may wait for the other to read."""
        if self._steward is None or self._steward.stdin is None or self._steward.stdout is None:
            return
        there, back = self._steward.stdin.fileno(), self._steward.stdout.fileno()
        data = memoryview(json.dumps(message).encode() + b"\n")
        reading = [back]
        try:
            while data:
                ready = wait_for_ready(reading, [there])
                if back in ready:
                    chunk = os.read(back, _CHUNK_BYTES)
                    self._buffer += chunk
                    reading = reading if chunk else []
                if there in ready:
                    with contextlib.suppress(BlockingIOError):
                        data = data[os.write(there, data) :]
        except OSError:
            return  # the steward is gone; `collect` reports its attempts

    def streams(self) -> list[int]:
        """The steward's reports."""
        stream = self._steward.stdout if self._steward is not None and self._running else None
        return [stream.fileno()] if stream is not None else []

    def collect(self) -> list[StepEnded]:
        """Containers that have ended; all running ones when the steward has died."""
        from milonga.engine.containers.endings import step_ended

        refused, self._refused = self._refused, []
        streams = self.streams()
        chunk = os.read(streams[0], _CHUNK_BYTES) if wait_for_ready(streams, timeout_s=0) else None
        *lines, self._buffer = (self._buffer + (chunk or b"")).split(b"\n")
        reports = [json.loads(line) for line in lines]
        ended = [step_ended(self._running.pop(report["id"]), report) for report in reports]
        return [*refused, *ended, *(self._all_lost() if chunk == b"" and self._running else ())]

    def _all_lost(self) -> list[StepEnded]:
        """The steward died. A new one removes the containers that it has left behind: it holds the lock of the run."""
        from milonga.engine.containers.finding import find_engine

        lost, self._running, self._buffer = self._running, {}, b""
        self.close()
        with contextlib.suppress(MilongaError):
            self._ensure_steward(find_engine().path, next(iter(lost.values())).folder)
        error = {"code": "E417", "kind": "system", "message": "the process that looks after the container died"}
        return [StepEnded(request_id, -9, error=error) for request_id in sorted(lost)]

    def kill(self, request_id: int) -> None:
        """End a container at once; its report still comes."""
        self._send({"do": "kill", "id": request_id})

    def close(self) -> None:
        """Close the steward's input, at which it ends and removes every container, and itself."""
        steward, self._steward = self._steward, None
        if steward is None:
            return
        with contextlib.suppress(OSError):
            if steward.stdin is not None:
                steward.stdin.close()
        try:
            steward.wait(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            steward.kill()
            steward.wait()
        if steward.stdout is not None:
            steward.stdout.close()
