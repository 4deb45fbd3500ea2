"""Runs each attempt in a fresh fork of a warm process (the zygote), isolated, with its own process group.

The zygote is one Python process without threads that has imported the task runtime; a fork of it costs about two
milliseconds, against fifty and more for a new interpreter. Requests and reports are JSON lines over its pipes.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import milonga
from milonga.engine.workers.base import INPUT_FILE, StepEnded, StepRequest
from milonga.engine.workers.readiness import wait_for_ready
from milonga.engine.workers.strays import end_marked
from milonga.errors import RunError

_MARK = "MILONGA_WORKERS"
"""Everything below a zygote has this variable, by which it is found when the zygote itself is gone."""


class ForkedPool:
    """The pool behind isolated runs. POSIX only.

    Args:
        search_path: extra entries for `sys.path` in every attempt.

    Raises:
        RunError: E431, the zygote does not start.
    """

    def __init__(self, search_path: tuple[str, ...] = ()) -> None:
        self._search_path = search_path
        self._running: dict[int, int] = {}  # request id → process id, 0 until the zygote has said it
        self._buffer = b""  # of reports
        self._unsent = bytearray()  # of requests
        self._mark = ""
        self._started: subprocess.Popen[bytes] | None = None

    @property
    def _process(self) -> subprocess.Popen[bytes]:
        """The zygote, started when it is first needed: a run of cached steps needs none."""
        if self._started is None:
            self._started = self._start()
        return self._started

    def _start(self) -> subprocess.Popen[bytes]:
        path = [*self._search_path, *(entry or str(Path.cwd()) for entry in sys.path)]
        attempts_path = json.dumps(list(dict.fromkeys(path)))
        self._mark = f"{_MARK}={secrets.token_hex(16)}"
        name, _, value = self._mark.partition("=")
        environment = {
            **os.environ,
            name: value,
            "PYTHONUNBUFFERED": "1",
        }
        try:
            zygote = subprocess.Popen(
                [sys.executable, "-c", _program(self._search_path), attempts_path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                bufsize=0,
                start_new_session=True,  # Ctrl-C reaches the engine only; it decides what ends
            )
        except OSError as error:
            raise RunError("E431", f"the worker process does not start: {error.strerror}", kind="system") from error
        os.set_blocking(_descriptor(zygote.stdin), False)
        return zygote

    def submit(self, request: StepRequest) -> None:
        """Ask the zygote for a fork."""
        if self._started is not None and not self._running and self._started.poll() is not None:
            self.close()  # it died while nothing ran in it, so nothing is lost
        request.folder.mkdir(parents=True, exist_ok=True)
        (request.folder / INPUT_FILE).write_text(json.dumps(request.executor_input), encoding="utf-8")
        zygote = self._process
        self._running[request.id] = 0
        self._send(
            zygote,
            {
                "do": "run",
                "id": request.id,
                "kind": request.kind,
                "function": request.function,
                "source": request.source,
                "folder": str(request.folder),
                "modules": str(request.modules) if request.modules else None,
                "packages": str(request.packages) if request.packages else None,
                "environment": {**request.environment, **_visible_gpus(request)},
                "memory_limit_bytes": request.limits.memory_bytes,
            },
        )

    def kill(self, request_id: int) -> None:
        """End an attempt's process group."""
        if self._started is not None:
            self._send(self._started, {"do": "kill", "id": request_id})

    def _send(self, zygote: subprocess.Popen[bytes], message: dict[str, object]) -> None:
        """Hand a message over. While there is no room for it, reports are read and kept: room comes as they go."""
        requests, reports = _descriptor(zygote.stdin), _descriptor(zygote.stdout)
        self._unsent += json.dumps(message).encode() + b"\n"  # behind what an interrupted call has left
        try:
            while self._unsent:
                try:
                    del self._unsent[: os.write(requests, self._unsent)]
                except BlockingIOError:
                    if reports in wait_for_ready([reports], [requests]) and not self._read(reports):
                        return  # the zygote is gone; `collect` reports its attempts
        except OSError:
            return  # as above

    def _read(self, reports: int) -> bool:
        """Take what the zygote has said; whether it will say more."""
        chunk = os.read(reports, 1 << 20)
        self._buffer += chunk
        return bool(chunk)

    def streams(self) -> list[int]:
        """The zygote's reports."""
        return [_descriptor(self._started.stdout)] if self._started is not None and self._running else []

    def collect(self) -> list[StepEnded]:
        """Reports of ended attempts; all running ones when the zygote itself has died."""
        streams = self.streams()
        if not streams:
            return []
        is_alive = not wait_for_ready(streams, timeout_s=0) or self._read(streams[0])
        *lines, self._buffer = self._buffer.split(b"\n")
        reports = [self._report(json.loads(line)) for line in lines]
        ended = [report for report in reports if report is not None]
        return ended if is_alive else [*ended, *self._all_lost()]

    def _report(self, message: dict[str, float]) -> StepEnded | None:
        request_id = int(message["id"])
        if "pid" in message:
            self._running[request_id] = int(message["pid"])
            return None
        self._running.pop(request_id, None)
        return StepEnded(
            request_id,
            int(message["exit_code"]),
            message["cpu_s"],
            int(message["peak_memory_bytes"]),
            error=_over_limit(message),
            wall_s=message["wall_s"],
        )

    def _all_lost(self) -> list[StepEnded]:
        """The zygote died, and its forks with it: end what they had started. The next attempt gets a new zygote."""
        lost, self._running, self._buffer = self._running, {}, b""
        for pid in lost.values():
            if pid:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
        end_marked(self._mark)
        self.close()
        error = {"code": "E417", "kind": "system", "message": "the worker process died under this task"}
        return [StepEnded(request_id, -9, error=error) for request_id in sorted(lost)]

    def close(self) -> None:
        """Close the zygote's input, at which it ends every attempt and itself."""
        zygote, self._started = self._started, None
        self._buffer, self._unsent = b"", bytearray()
        if zygote is None:
            return
        for stream in (zygote.stdout, zygote.stdin):  # its reports first: nothing in it waits to be heard any more
            if stream is not None:
                stream.close()
        try:
            zygote.wait(timeout=10)
        except subprocess.TimeoutExpired:
            zygote.kill()
            zygote.wait()
            end_marked(self._mark)


def _descriptor(stream: IO[bytes] | None) -> int:
    if stream is None:
        raise AssertionError("opened with a pipe")
    return stream.fileno()


def _visible_gpus(request: StepRequest) -> dict[str, str]:
    """The devices that are the attempt's own; without a request for any, nothing is hidden."""
    gpus = request.limits.gpus
    return {} if gpus is None else {"CUDA_VISIBLE_DEVICES": ",".join(gpus)}


def _over_limit(message: Mapping[str, float]) -> dict[str, str] | None:
    """What the zygote saw when it ended an attempt for its memory."""
    limit = message.get("over_limit_bytes")
    if limit is None:
        return None
    peak = message["peak_memory_bytes"] / 2**20
    return {
        "code": "E415",
        "kind": "user",
        "message": f"ended for want of memory: its processes held {peak:.0f} MiB, its limit is {limit / 2**20:.0f} MiB",
        "hint": "raise memory=, or make the step need less",
    }


def _program(search_path: tuple[str, ...]) -> str:
    """What the zygote starts with: our own modules and the installed ones, none of the author's folder.

    A file named `email.py` or `queue.py` beside a pipeline must not stand in for the standard library's before an
    attempt has begun; the attempts get the whole path.
    """
    own = str(Path(milonga.__file__).parent.parent)
    here = {"", str(Path.cwd()), *search_path}
    path = [*(entry for entry in sys.path if entry not in here), own]
    return f"import sys; sys.path[:] = {path!r}; from milonga.engine.workers.zygote import main; main()"
