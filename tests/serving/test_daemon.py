import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from milonga.components.contracts.compiled_model import CompiledModel
from milonga.errors import ServingError
from milonga.serving.daemon import ServerProcess, list_servers, read_state, start_server, stop_server

pytestmark = pytest.mark.slow  # a network is trained and compiled first


def test_a_running_server_is_listed(server: ServerProcess, state_folder: Path) -> None:
    assert list_servers(state_folder) == (server,)
    assert read_state(state_folder / "digits.json") == server


def test_a_second_server_with_the_same_state_is_refused(
    server: ServerProcess, model: CompiledModel, state_folder: Path
) -> None:
    with pytest.raises(ServingError) as caught:
        start_server(model.path, name="digits", log_path=state_folder / "x", state_path=state_folder / "digits.json")
    assert caught.value.code == "E718" and server.url in caught.value.got


def test_a_server_outlives_its_starter_in_a_session_of_its_own(server: ServerProcess) -> None:
    assert server.is_running
    assert os.getsid(server.pid) == server.pid
    parent = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()[1]
    assert int(parent) != os.getpid()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(model: CompiledModel, tmp_path: Path) -> None:
    import hashlib
    import json

    folder = tmp_path / "model"
    shutil.copytree(model.path, folder)
    (folder / "model.onnx").write_bytes(b"no network at all")
    value = json.loads((folder / "compiled.json").read_text())
    for candidate in value["candidates"]:
        candidate["sha256"] = hashlib.sha256(b"no network at all").hexdigest()
    (folder / "compiled.json").write_text(json.dumps(value))
    with pytest.raises(ServingError) as caught:
        start_server(folder, name="broken", log_path=tmp_path / "log", state_path=tmp_path / "broken.json")
    assert caught.value.code == "E715"
    assert "E714" in caught.value.got
    assert not (tmp_path / "broken.json").exists()


def test_a_server_that_is_too_slow_is_ended(model: CompiledModel, tmp_path: Path) -> None:
    with pytest.raises(ServingError) as caught:
        start_server(model.path, name="slow", log_path=tmp_path / "l", state_path=tmp_path / "s.json", timeout_s=0.05)
    assert caught.value.code == "E715" and "0.05 s" in caught.value.message
    assert not (tmp_path / "s.json").exists()


def test_a_taken_port_is_refused_before_anything_starts(model: CompiledModel, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServingError) as caught:
            start_server(model.path, name="a", port=port, log_path=tmp_path / "l", state_path=tmp_path / "s.json")
    assert caught.value.code == "E716"


@pytest.mark.parametrize(
    ("damage", "code"),
    [("no folder", "E710"), ("no json", "E711"), ("another format", "E711"), ("altered network", "E712")],
)
def test_a_damaged_model_folder_is_refused(model: CompiledModel, tmp_path: Path, damage: str, code: str) -> None:
    folder = tmp_path / "model"
    if damage != "no folder":
        shutil.copytree(model.path, folder)
    if damage == "no json":
        (folder / "compiled.json").write_text("{")
    if damage == "another format":
        (folder / "compiled.json").write_text('{"format": "milonga.compiled/2"}')
    if damage == "altered network":
        (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes() + b"\0")
    with pytest.raises(ServingError) as caught:
        start_server(folder, name="a", log_path=tmp_path / "log", state_path=tmp_path / "state.json")
    assert caught.value.code == code
    assert not (tmp_path / "log").exists()


def test_a_state_file_of_an_ended_process_is_not_a_running_server(tmp_path: Path) -> None:
    state = '{"format": "milonga.server/1", "name": "old", "pid": %d, "started": "1", "url": "http://127.0.0.1:1"}'
    (tmp_path / "old.json").write_text(state % os.getpid())  # this process, but not started then
    assert list_servers(tmp_path) == ()
    assert stop_server(tmp_path / "old.json") is False
    assert not (tmp_path / "old.json").exists()


def test_stopping_what_was_never_started_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ServingError) as caught:
        stop_server(tmp_path / "none.json")
    assert caught.value.code == "E719"


def test_listing_servers_loads_nothing_heavy() -> None:
    script = "import sys, milonga.serving.daemon; sys.exit(any(n in sys.modules for n in ('kserve', 'numpy')))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    assert subprocess.run([sys.executable, "-c", script], env=environment, timeout=60).returncode == 0
