"""The process that sees the containers of one run to their end, whatever becomes of the engine.

Run as `python -m milonga.engine.containers.steward ENGINE HOME RUN TOKEN`, with JSON lines on stdin and stdout. It
starts a container by a client of the container engine that stays attached to it, asks the engine itself for the exit
code, reports it, and only then removes the container. When its stdin is closed, because the engine is done or dead, it
ends and removes every container of its own. What a steward that was killed as well has left is removed by the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from milonga.engine.containers.engine import last_line
from milonga.engine.containers.labels import HOME, RUN, STEWARD, home_mark
from milonga.engine.containers.log import tail_of
from milonga.engine.containers.usage import Usage
from milonga.engine.executor_output import custom_path_of
from milonga.engine.run_lock import is_held

_INSPECT = ("inspect", "--type", "container", "--format")
_LOOK_S = 0.1
_CONTROL_S = 30.0
"""How long the engine may take to answer a question about one container."""


@dataclass(slots=True)
class _Container:
    """One container, from its request to its report."""

    request: dict[str, Any]
    usage: Usage
    client: asyncio.subprocess.Process | None = None
    is_killed: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        return str(self.request["name"])


class Steward:
    """The loop of the process."""

    def __init__(self, engine: str, home: str, run: str, token: str) -> None:
        self._engine, self._home, self._run, self._token = engine, Path(home), run, token
        self._containers: dict[int, _Container] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = asyncio.Event()
        self._buffer = b""
        self._output = os.dup(1)
        os.dup2(2, 1)  # nothing but reports may reach the engine

    async def serve(self) -> None:
        """Serve until stdin is closed; then end everything."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            loop.add_signal_handler(number, self._closed.set)
        await self._sweep(own=False)
        loop.add_reader(0, self._read)
        await self._closed.wait()
        for container in self._containers.values():
            self._begin(self._kill(container))
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._sweep(own=True)

    def _read(self) -> None:
        chunk = os.read(0, 1 << 20)
        if not chunk:
            asyncio.get_running_loop().remove_reader(0)
            self._closed.set()
            return
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        for line in lines:
            message = json.loads(line)
            container = self._containers.get(message["id"])
            if message["do"] == "run":
                container = _Container(message, Usage(Path(message["id_file"])))
                self._containers[message["id"]] = container
                self._begin(self._see_to_end(container))
            elif container is not None:
                self._begin(self._kill(container))

    def _begin(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # One container ---------------------------------------------------------------------------------------------

    async def _see_to_end(self, container: _Container) -> None:
        report: dict[str, Any]
        try:
            client_code = await self._run_client(container)
            report = await self._outcome(container, client_code)
        except OSError as error:
            report = {"state": "not-started", "exit_code": 125, "message": error.strerror or str(error)}
        except Exception as error:  # noqa: BLE001 - whatever it is, the engine waits for a report
            report = {"state": "lost", "exit_code": 125, "message": f"{type(error).__name__}: {error}"}
        usage = container.usage
        report.update(
            id=container.request["id"],
            killed=container.is_killed,
            wall_s=time.monotonic() - container.began,
            cpu_s=usage.cpu_s,
            peak_memory_bytes=usage.peak_memory_bytes,
        )
        for folder in container.request["remove"]:
            shutil.rmtree(folder, ignore_errors=True)
        self._send(report)
        del self._containers[container.request["id"]]
        await self._control("rm", "--force", "--volumes", container.name)

    async def _run_client(self, container: _Container) -> int:
        """Start the container and stay until its client ends; its output goes to the log, nobody in between."""
        request = container.request
        with open(request["log"], "ab") as log:  # noqa: PTH123 - its descriptor is handed on
            container.client = await asyncio.create_subprocess_exec(
                self._engine,
                *request["arguments"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **request["environment"]},
                cwd=Path(request["log"]).parent,  # where podman's monitor leaves a file when memory runs out
                start_new_session=True,
            )
        ended = asyncio.ensure_future(container.client.wait())
        while not ended.done():
            container.usage.look()
            await asyncio.wait([ended], timeout=_LOOK_S)
        return ended.result()

    async def _outcome(self, container: _Container, client_code: int) -> dict[str, Any]:
        """What the engine says about the container; what its client says is not enough."""
        code, text = await self._control(*_INSPECT, "{{json .State}}", container.name)
        state: dict[str, Any] = {}
        with contextlib.suppress(ValueError):
            state = json.loads(text) if code == 0 else {}
        status = str(state.get("Status", "")).lower()
        if status in ("exited", "stopped", "dead"):
            await self._fetch_outputs(container)
            return {
                "state": "exited",
                "exit_code": int(state.get("ExitCode", client_code)),
                "out_of_memory": bool(state.get("OOMKilled")),
                "message": str(state.get("Error") or ""),
            }
        if status in ("running", "paused", "stopping") or client_code in (0, None):
            return {
                "state": "lost",
                "exit_code": client_code,
                "message": f"it is {status or 'not known to the engine'}",
            }
        message = str(state.get("Error") or "") or last_line(tail_of(Path(container.request["log"])))
        return {"state": "not-started", "exit_code": client_code, "message": message}

    async def _fetch_outputs(self, container: _Container) -> None:
        """Copy artifacts that the step has put at a path of its own out of the container, and note where they are.

        The report was written inside of the container, and is believed in nothing: no name of it becomes a path here,
        and it is replaced, not written into, since it may be a link. What is not fetched is refused by the engine
        (`checked_report`), unless it lies in the attempt's folder.
        """
        output = Path(container.request["output"])
        folder = output.parent
        if output.is_symlink() or not output.is_file():
            return
        with contextlib.suppress(OSError, ValueError, AttributeError, TypeError, RecursionError):
            document = json.loads(output.read_bytes())
            changed = False
            for listed in (document.get("artifacts") or {}).values():
                for artifact in listed.get("artifacts") or []:
                    path = custom_path_of(artifact)
                    if path.startswith("/") and not _is_below(path, folder):
                        target = Path(tempfile.mkdtemp(prefix="fetched-", dir=folder)) / "content"
                        code, _ = await self._control("cp", f"{container.name}:{os.path.normpath(path)}", str(target))
                        artifact.pop("custom_path", None)
                        artifact["customPath"] = str(target) if code == 0 else ""  # never one of this machine instead
                        changed = True
            if changed:
                _replace(output, json.dumps(document))

    async def _kill(self, container: _Container) -> None:
        """End it at once, also one that is only being made."""
        container.is_killed = True
        client = container.client
        for _ in range(20):
            code, _ = await self._control("kill", container.name)
            if code == 0 or container.request["id"] not in self._containers:
                return
            if client is None:
                client = container.client
            if client is not None and client.returncode is not None:
                return
            await asyncio.sleep(_LOOK_S)
        if client is not None and client.returncode is None:
            client.kill()

    # The engine ------------------------------------------------------------------------------------------------

    async def _sweep(self, *, own: bool) -> None:
        """Remove containers of this state folder: those that nobody looks after any more, or what is left of ours."""
        chosen = [f"--filter=label={HOME}={home_mark(self._home)}"]
        chosen += [f"--filter=label={STEWARD}={self._token}"] if own else []
        code, text = await self._control("ps", "--all", "--quiet", *chosen)
        ids = text.split() if code == 0 else []
        if ids and not own:
            _, text = await self._control(*_INSPECT, "{{.Id}} {{json .Config.Labels}}", *ids)  # some may be gone by now
            found = dict(each for line in text.splitlines() if (each := _labelled(line)) is not None)
            ids = [each for each, labels in found.items() if each.startswith((*ids,)) and self._is_forsaken(labels)]
        if ids:
            await self._control("rm", "--force", "--volumes", *ids)

    def _is_forsaken(self, labels: dict[str, str]) -> bool:
        if labels.get(HOME) != home_mark(self._home) or labels.get(STEWARD) == self._token:
            return False
        run = labels.get(RUN, "")
        return run == self._run or not is_held(self._home / "runs" / run)  # this engine holds the run's lock

    async def _control(self, *arguments: str) -> tuple[int, str]:
        """Exit code and output of a command of the engine; 125 when it does not answer."""
        try:
            process = await asyncio.create_subprocess_exec(
                self._engine,
                *arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return 125, ""
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _CONTROL_S)
        except asyncio.TimeoutError:
            process.kill()
            return 125, ""
        return process.returncode or 0, output.decode("utf-8", "replace")

    def _send(self, report: dict[str, Any]) -> None:
        data = json.dumps(report).encode() + b"\n"
        with contextlib.suppress(BrokenPipeError):  # the engine is dead, and nobody wants to know
            while data:
                data = data[os.write(self._output, data) :]


def _labelled(line: str) -> tuple[str, dict[str, str]] | None:
    """The id of a container and its labels, which stand in one line: neither is ever taken for another's."""
    each, _, text = line.strip().partition(" ")
    with contextlib.suppress(ValueError):
        labels = json.loads(text)
        return (each, labels) if each and isinstance(labels, dict) else None
    return None


def _is_below(path: str, folder: Path) -> bool:
    return ".." not in Path(path).parts and Path(path).is_relative_to(folder)


def _replace(path: Path, text: str) -> None:
    """Put a file where something stands that a container has made, by way of a name that it could not foresee."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(temporary).replace(path)


async def _main() -> None:
    await Steward(*sys.argv[1:5]).serve()


if __name__ == "__main__":
    asyncio.run(_main())
