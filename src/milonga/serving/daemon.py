"""Starts, finds and stops server processes that outlive the command that started them.

It imports the standard library only, so that listing servers is fast.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sys
import time
from pathlib import Path

from milonga.errors import ServingError
from milonga.serving.served_model import read_served_model
from milonga.serving.server_process import ServerProcess, read_state, start_time, write_state

HOST = "127.0.0.1"
TAIL_BYTES = 3000

__all__ = ["ServerProcess", "list_servers", "read_state", "start_server", "stop_server"]


def start_server(
    model_dir: Path, *, name: str, port: int = 0, log_path: Path, state_path: Path, timeout_s: float = 90.0
) -> ServerProcess:
    """Start a server on this machine's loopback address and wait until it answers.

    Args:
        model_dir: holds `compiled.json` and `model.onnx`.
        name: of the model in request paths.
        port: TCP port, 0 for a free one.
        log_path: gets everything that the server writes.
        state_path: JSON file that records the server; its folder is what `list_servers` takes.
        timeout_s: longest wait in seconds; the first import of kserve takes some ten.

    Returns:
        The running server. It goes on when this process ends.

    Raises:
        ServingError: E710 to E713 the folder cannot be served, E715 the server ended or did not get ready (with the
            end of its log), E716 the port is taken, E718 a server with this state file runs already.
    """
    read_served_model(model_dir)
    _refuse_second(state_path)
    chosen = _choose_port(port)
    log_path.parent.mkdir(parents=True, exist_ok=True)
    state_path.parent.mkdir(parents=True, exist_ok=True)
    log_path.write_bytes(b"")
    pid = _spawn(model_dir, name=name, port=chosen, log_path=log_path)
    server = ServerProcess(name=name, pid=pid, url=f"http://{HOST}:{chosen}", started=start_time(pid))
    try:
        _wait_until_ready(server, port=chosen, log_path=log_path, timeout_s=timeout_s)
    except BaseException:
        _end(server, timeout_s=5.0)
        raise
    write_state(state_path, server)
    return server


def stop_server(state_path: Path, *, timeout_s: float = 15.0) -> bool:
    """Stop the server that a state file records, and remove the file.

    Returns:
        Whether it was running.

    Raises:
        ServingError: E719, there is no such state file or it is damaged.
    """
    server = read_state(state_path)
    was_running = server.is_running
    if was_running:
        _end(server, timeout_s=timeout_s)
    state_path.unlink(missing_ok=True)
    return was_running


def list_servers(folder: Path) -> tuple[ServerProcess, ...]:
    """The running servers that have a state file in `folder`, by name; files of ended servers are left out."""
    found = [read_state(path) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []
    return tuple(
        sorted((server for server in found if server.is_running), key=lambda server: (server.name, server.pid))
    )


def _refuse_second(state_path: Path) -> None:
    if not state_path.exists():
        return
    server = read_state(state_path)
    if server.is_running:
        message = f"the server '{server.name}' runs already"
        hint = "stop it first, or choose another name"
        raise ServingError("E718", message, where=str(state_path), got=f"{server.url}, process {server.pid}", hint=hint)


def _choose_port(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as reason:
            message = f"port {port} cannot be used"
            hint = "choose another port, or 0 for a free one"
            raise ServingError("E716", message, where=HOST, got=str(reason), hint=hint) from reason
        chosen: int = probe.getsockname()[1]
        return chosen


def _spawn(model_dir: Path, *, name: str, port: int, log_path: Path) -> int:
    command = [sys.executable, "-m", "milonga.serving", "--model-dir", str(model_dir.resolve()), "--name", name]
    command += ["--port", str(port), "--host", HOST]
    path = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path if entry)
    environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "1", "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        # A session of its own: the terminal's Ctrl-C and hang-up do not reach it. No Popen object: nobody waits.
        return os.posix_spawn(
            sys.executable,
            command,
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log, 1),
                (os.POSIX_SPAWN_DUP2, log, 2),
            ],
            setsid=True,
        )
    finally:
        os.close(log)


def _wait_until_ready(server: ServerProcess, *, port: int, log_path: Path, timeout_s: float) -> None:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if not server.is_running:
            raise _not_ready(f"the server '{server.name}' ended before it was ready", log_path)
        if _is_ready(server.name, port):
            return
        time.sleep(0.1)
    raise _not_ready(f"the server '{server.name}' was not ready within {timeout_s:g} s", log_path)


def _is_ready(name: str, port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", f"/v2/models/{name}/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _not_ready(message: str, log_path: Path) -> ServingError:
    tail = log_path.read_bytes()[-TAIL_BYTES:].decode("utf-8", errors="replace").strip()
    return ServingError("E715", message, where=str(log_path), got=tail or "an empty log", kind="system")


def _end(server: ServerProcess, *, timeout_s: float) -> None:
    for number, limit_s in ((signal.SIGTERM, timeout_s), (signal.SIGKILL, 5.0)):
        if not server.is_running:
            return
        os.kill(server.pid, number)
        end = time.monotonic() + limit_s
        while time.monotonic() < end and server.is_running:
            time.sleep(0.05)
