"""The warm process: forks a child for each attempt, reports how it ended, dies with the engine.

Its `main` is run in a process of its own, with JSON lines on stdin and stdout. It never starts a thread and never
imports the author's code itself, so that every fork starts clean.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import json
import os
import resource
import signal
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

import milonga.runtime.task  # noqa: F401 - warm for the forks
from milonga.engine.workers.base import ERROR_FILE, INPUT_FILE, LOG_FILE
from milonga.engine.workers.memory import memory_of_sessions
from milonga.engine.workers.readiness import wait_for_ready
from milonga.engine.workers.step import run_kfp_step, run_milonga_step, write_error
from milonga.engine.workers.strays import adopt_orphans, children_of_this_process, end

_PR_SET_PDEATHSIG = 1
_LAST_WAIT_S = 5.0
"""For processes to be gone after they were killed; one that waits for a dead disk may take longer."""
_LOOK_S = 0.1
"""Between two looks at the memory of the attempts that have a limit."""


class _Child:
    """An attempt that runs, and what it may hold in memory."""

    def __init__(self, request_id: int, limit_bytes: int | None) -> None:
        self.request_id = request_id
        self.limit_bytes = limit_bytes
        self._began = time.monotonic()
        self._peak_bytes = 0
        self._is_over = False

    def look(self, pid: int, held_bytes: int) -> None:
        """End the attempt when its processes hold more than they may, as a kernel does with a pod's."""
        self._peak_bytes = max(self._peak_bytes, held_bytes)
        if self.limit_bytes is not None and self._peak_bytes > self.limit_bytes and not self._is_over:
            self._is_over = True
            _kill_attempt(pid)

    def report(self, status: int, usage: resource.struct_rusage) -> dict[str, float]:
        """How it ended."""
        largest_bytes = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        report: dict[str, float] = {
            "id": self.request_id,
            "exit_code": os.waitstatus_to_exitcode(status),
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "wall_s": time.monotonic() - self._began,
            "peak_memory_bytes": max(largest_bytes, self._peak_bytes),
        }
        if self._is_over and self.limit_bytes is not None:
            report["over_limit_bytes"] = self.limit_bytes
        return report


class Zygote:
    """The loop of the warm process.

    Args:
        path: where attempts import from. Until it is warm, the process itself has another, without the author's folder.
    """

    def __init__(self, path: list[str]) -> None:
        self._path = path
        self._pid = os.getpid()
        self._children: dict[int, _Child] = {}
        self._unsent: deque[bytes] = deque()  # reports, a line each
        self._next_look = 0.0
        self._output = os.dup(1)
        os.set_blocking(self._output, False)  # an engine that is busy with something else does not hold us up
        os.dup2(2, 1)  # nothing but reports may reach the engine
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        os.set_blocking(self._wake_read, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        self._libc: Any = None
        with contextlib.suppress(OSError):
            self._libc = ctypes.CDLL(None, use_errno=True)
        adopt_orphans(self._libc)

    def serve(self) -> None:
        """Read requests until the engine closes its end or dies; then end every attempt."""
        try:
            self._serve()
        except BrokenPipeError:
            pass  # the engine died while a report was on its way
        finally:
            for pid in list(self._children):
                _kill_attempt(pid)
            self._wait_for_all()

    def _wait_for_all(self) -> None:
        """See the attempts end, and all that they have left behind."""
        deadline = time.monotonic() + _LAST_WAIT_S
        with contextlib.suppress(ChildProcessError):
            while time.monotonic() < deadline:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    for pid in children_of_this_process():
                        end(pid)
                    time.sleep(0.001)

    def _serve(self) -> None:
        _warm_up()
        sys.path[:] = self._path
        os.environ["PYTHONPATH"] = os.pathsep.join(self._path)
        gc.collect()
        gc.freeze()
        buffer = b""
        while True:
            writing = [self._output] if self._unsent else []
            ready = wait_for_ready([0, self._wake_read], writing, timeout_s=self._look())
            self._send_unsent()
            if self._wake_read in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_read, 4096)
                self._reap()
            if 0 in ready:
                chunk = os.read(0, 1 << 20)
                if not chunk:
                    return
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in lines:
                    self._handle(json.loads(line))

    def _look(self) -> float | None:
        """Look at the memory of attempts that have a limit, if it is time to; in how many seconds it will be again."""
        limited = {pid: child for pid, child in self._children.items() if child.limit_bytes is not None}
        if not limited:
            return None
        if time.monotonic() >= self._next_look:
            held = memory_of_sessions(limited)
            for pid, child in limited.items():
                child.look(pid, held[pid])
            self._next_look = time.monotonic() + _LOOK_S
        return self._next_look - time.monotonic()

    def _handle(self, message: dict[str, Any]) -> None:
        if message["do"] == "run":
            self._fork(message)
        else:
            for pid, child in self._children.items():
                if child.request_id == message["id"]:
                    _kill_attempt(pid)

    def _fork(self, message: dict[str, Any]) -> None:
        if message["kind"] == "kfp" and "kfp" not in sys.modules:
            os.environ["_KFP_RUNTIME"] = "true"
            with contextlib.suppress(ImportError):
                import kfp.dsl.executor  # noqa: F401 - warm for the forks; its light form starts no thread
        pid = os.fork()
        if pid == 0:
            self._become_child(message)
        self._children[pid] = _Child(message["id"], message["memory_limit_bytes"])

    def _become_child(self, message: dict[str, Any]) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        if self._libc is not None and sys.platform == "linux":
            self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._pid:
            os._exit(1)  # the zygote died before this fork could ask to be told
        adopt_orphans(self._libc)  # the daemons of a task are its own as long as it lives, as in a container
        os.close(self._wake_read)
        os.close(self._wake_write)
        exit_code = 1
        try:
            self._tell_pid(message["id"])  # before anything that would have to be ended
            os.close(self._output)
            exit_code = run_attempt(message)
            _leave_as_python_does()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(exit_code)

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                break
            child = self._children.pop(pid, None)
            _kill_group(pid)  # whatever the attempt left behind
            if child is not None:
                self._send(child.report(status, usage))
        self._end_orphans()

    def _end_orphans(self) -> None:
        """What an attempt has started in a session of its own comes here when the attempt is gone, and ends too."""
        for pid in children_of_this_process():
            if pid not in self._children:
                end(pid)

    def _send(self, report: dict[str, float]) -> None:
        self._unsent.append(_line(report))
        self._send_unsent()

    def _send_unsent(self) -> None:
        """Write what there is room for, each line by one call.

        The forks write to the same pipe. So short a line (POSIX: up to PIPE_BUF) is written as a whole or not at all.
        """
        with contextlib.suppress(BlockingIOError):
            while self._unsent:
                os.write(self._output, self._unsent[0])
                self._unsent.popleft()

    def _tell_pid(self, request_id: int) -> None:
        """In the child: write a line of its own, which waits for room."""
        line = _line({"id": request_id, "pid": os.getpid()})
        while True:
            with contextlib.suppress(BlockingIOError):
                os.write(self._output, line)
                return
            wait_for_ready([], [self._output])


def _line(report: dict[str, float]) -> bytes:
    return json.dumps(report).encode() + b"\n"


def _leave_as_python_does() -> None:
    """Wait for the author's threads and run what was registered with atexit, as multiprocessing does in its forks."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()


def _warm_up() -> None:
    """Run one small task here, so that caches and specialised byte code are made once and shared by every fork."""
    source = "def warm(number: int, text: str = '') -> int:\n    return number\n"
    executor_input = {"inputs": {"parameterValues": {"number": 1}}, "outputs": {}}
    for _ in range(20):
        run_milonga_step(None, "warm", source, None, None, executor_input, write_output=False)


def _kill_attempt(pid: int) -> None:
    """End a fork that has not been reaped; a moment ago it may not yet have had a group of its own."""
    _kill_group(pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def run_attempt(message: dict[str, Any]) -> int:
    """In the child: run the attempt, with its output going to its log. Returns the exit code."""
    folder = Path(message["folder"])
    log = os.open(folder / LOG_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(message["environment"])
    try:
        executor_input = json.loads((folder / INPUT_FILE).read_bytes())
        packages = Path(message["packages"]) if message["packages"] else None
        if message["kind"] == "kfp":
            run_kfp_step(message["function"], message["source"], packages, folder, executor_input)
        else:
            modules = Path(message["modules"]) if message["modules"] else None
            run_milonga_step(None, message["function"], message["source"], modules, packages, executor_input)
    except SystemExit as error:
        if error.code in (None, 0):
            return 0
        write_error(folder, ERROR_FILE, error)
        return 1
    except BaseException as error:  # noqa: BLE001 - whatever it is, the engine must hear of it
        write_error(folder, ERROR_FILE, error)
        return 1
    return 0


def main() -> None:
    """Serve until the engine lets go. The only argument is the path of the attempts, as JSON."""
    Zygote(json.loads(sys.argv[1])).serve()
