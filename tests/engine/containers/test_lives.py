"""Containers end when they must, and none outlives what looks after it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from boxes import Box

from milonga.compiler.documents import dump_graph
from milonga.engine.containers.image import find_image
from milonga.engine.containers.program import PodProgram
from milonga.engine.home import Home
from milonga.engine.workers.base import Limits, StepEnded, StepRequest
from milonga.engine.workers.contained import ContainerPool

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


@pytest.fixture
def pool(engine, home: Path) -> Iterator[ContainerPool]:
    pool = ContainerPool(Home(home))
    yield pool
    pool.close()


@pytest.fixture
def request_of(engine, home: Path) -> Callable[..., StepRequest]:
    """A request for `sh -c SCRIPT`."""
    from milonga.engine.containers.finding import find_engine

    image = find_image(find_engine(), "milonga-test/busybox:1")
    assert image is not None

    def make(number: int, script: str, limits: Limits | None = None) -> StepRequest:
        program = PodProgram(image.digest, ("sh", "-c", script), image_name="milonga-test/busybox:1")
        folder = home / "runs" / "r1" / "tasks" / f"box{number}" / "attempt-1"
        return StepRequest(number, "container", "", "", folder, container=program, limits=limits or Limits())

    return make


def wait_for(pool: ContainerPool, count: int, within_s: float = 60.0) -> dict[int, StepEnded]:
    ended: dict[int, StepEnded] = {}
    deadline = time.monotonic() + within_s
    while len(ended) < count and time.monotonic() < deadline:
        ended.update({each.id: each for each in pool.collect()})
        time.sleep(0.02)
    assert len(ended) == count, f"{len(ended)} of {count} have ended"
    return ended


def until(condition: Callable[[], object], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


def has_written(request: StepRequest, text: str) -> bool:
    log = request.folder / "log.txt"
    return log.is_file() and text in log.read_text()


def test_many_that_end_at_once_are_all_reported_with_their_own_exit_codes(pool: ContainerPool, request_of) -> None:
    for number in range(12):
        pool.submit(request_of(number, f"exit {number}"))
    ended = wait_for(pool, 12)
    assert [ended[number].exit_code for number in range(12)] == [*range(12)]


def test_a_killed_container_ends_at_once_and_is_gone(engine, pool: ContainerPool, request_of) -> None:
    request = request_of(1, "trap '' TERM INT; echo up; while true; do sleep 1; done")
    pool.submit(request)
    until(lambda: has_written(request, "up"))
    pool.kill(1)
    assert wait_for(pool, 1)[1].exit_code != 0
    pool.close()
    assert engine.containers() == []


def test_a_kill_may_come_before_the_container_does(engine, pool: ContainerPool, request_of) -> None:
    for number in range(3):
        pool.submit(request_of(number, "sleep 300"))
        time.sleep(0.15 * number)
        pool.kill(number)
    assert all(each.exit_code != 0 for each in wait_for(pool, 3).values())
    pool.close()
    assert engine.containers() == []


def test_closing_ends_everything(engine, pool: ContainerPool, request_of) -> None:
    requests = [request_of(number, "echo up; sleep 300") for number in range(3)]
    for request in requests:
        pool.submit(request)
    until(lambda: all(has_written(request, "up") for request in requests))
    pool.close()
    assert engine.containers() == []


def test_a_step_is_ended_for_its_memory(engine, pool: ContainerPool, request_of, tmp_path, monkeypatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    pool.submit(request_of(1, "exec dd if=/dev/zero of=/dev/null bs=200M count=1", Limits(memory_bytes=32 * 2**20)))
    ended = wait_for(pool, 1)[1]
    if ended.exit_code == 0:
        pytest.skip("the engine of this machine does not enforce memory")
    assert ended.exit_code == -9 and ended.error is not None
    assert ended.error["code"] == "E415" and "32 MiB" in ended.error["message"]
    assert list(here.iterdir()) == [], "podman has left something in the folder that milonga was started in"


def test_a_cpu_limit_is_kept(engine, pool: ContainerPool, request_of) -> None:
    script = "end=$(($(date +%s) + 3)); while [ $(date +%s) -lt $end ]; do :; done"
    pool.submit(request_of(1, script, Limits(cpus=0.25)))
    ended = wait_for(pool, 1)[1]
    assert ended.wall_s >= 2
    if ended.cpu_s == 0:
        pytest.skip("control groups cannot be read here")
    assert ended.cpu_s < 0.6 * ended.wall_s


def test_use_is_measured_where_it_can_be(engine, pool: ContainerPool, request_of) -> None:
    pool.submit(
        request_of(
            1,
            "dd if=/dev/zero of=/dev/shm/x bs=1M count=40; end=$(($(date +%s) + 2)); "
            "while [ $(date +%s) -lt $end ]; do :; done",
        )
    )
    ended = wait_for(pool, 1)[1]
    assert ended.exit_code == 0
    if ended.cpu_s == 0:
        pytest.skip("control groups cannot be read here")
    assert ended.cpu_s > 0.2 and ended.peak_memory_bytes >= 40 * 2**20


def test_a_container_that_somebody_removes_is_no_success(engine, pool: ContainerPool, request_of) -> None:
    request = request_of(1, "echo up; sleep 300")
    pool.submit(request)
    until(lambda: has_written(request, "up"))
    engine("rm", "--force", *engine.containers())
    ended = wait_for(pool, 1)[1]
    assert ended.exit_code != 0 and ended.error is not None


def steward_of(pool: ContainerPool) -> int:
    children = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "pid=,args="], capture_output=True, text=True)
    return next(int(line.split()[0]) for line in children.stdout.splitlines() if "containers.steward" in line)


def test_when_the_steward_is_killed_its_containers_are_ended_by_the_next(
    engine, pool: ContainerPool, request_of
) -> None:
    requests = [request_of(number, "echo up; sleep 300") for number in range(2)]
    for request in requests:
        pool.submit(request)
    until(lambda: all(has_written(request, "up") for request in requests))
    os.kill(steward_of(pool), signal.SIGKILL)
    ended = wait_for(pool, 2)
    assert {each.error["code"] for each in ended.values() if each.error} == {"E417"}
    pool.submit(request_of(9, "echo again"))
    assert wait_for(pool, 1)[9].exit_code == 0
    pool.close()
    assert engine.containers() == []


RUNNER = """
import json, sys
import milonga
from milonga.engine.progress import Silent
result = milonga.run(sys.argv[1], home=sys.argv[2], resume=len(sys.argv) > 3, progress=Silent())
print(json.dumps([result.state, result.outputs]))
"""


@pytest.fixture
def slow_file(box: Box, tmp_path: Path) -> Path:
    """A pipeline that waits for as long as there is no file `go` in its volume."""
    settings = {"pvcMount": [{"constant": "gate", "mountPath": "/gate"}]}
    script = 'touch /gate/up; until [ -f /gate/go ]; do sleep 0.1; done; echo done > "$0"'
    graph = box(script, "{{$.outputs.parameters['out'].output_file}}", outputs={"out": "STRING"}, settings=settings)
    path = tmp_path / "slow.yaml"
    path.write_text(dump_graph(graph), encoding="utf-8")
    return path


def start_engine(path: Path, home: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUNNER, str(path), str(home), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def test_a_killed_engine_leaves_no_container_and_a_run_that_goes_on(engine, slow_file: Path, home: Path) -> None:
    gate = home / "volumes" / "gate"
    process = start_engine(slow_file, home)
    until((gate / "up").is_file)
    assert len(engine.containers()) == 1
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    until(lambda: engine.containers() == [], within_s=15)
    (gate / "go").touch()
    assert json.loads(start_engine(slow_file, home, "resume").communicate(timeout=60)[0]) == [
        *("SUCCEEDED", {"out": "done\n"})
    ]
    assert engine.containers() == []


def test_when_both_are_killed_a_resumed_run_ends_what_is_left(engine, slow_file: Path, home: Path) -> None:
    gate = home / "volumes" / "gate"
    process = start_engine(slow_file, home)
    until((gate / "up").is_file)
    children = subprocess.run(["ps", "--ppid", str(process.pid), "-o", "pid=,args="], capture_output=True, text=True)
    for line in children.stdout.splitlines():
        if "containers.steward" in line:
            os.kill(int(line.split()[0]), signal.SIGKILL)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (left,) = engine.containers()
    (gate / "up").unlink()
    resumed = start_engine(slow_file, home, "resume")
    until((gate / "up").is_file)
    assert left not in engine.containers() and len(engine.containers()) == 1
    (gate / "go").touch()
    assert json.loads(resumed.communicate(timeout=60)[0])[0] == "SUCCEEDED"
    assert engine.containers() == []


def test_engines_on_one_state_folder_leave_each_other_alone(engine, slow_file: Path, home: Path) -> None:
    gate = home / "volumes" / "gate"
    first = start_engine(slow_file, home)
    until((gate / "up").is_file)
    (gate / "up").unlink()
    second = start_engine(slow_file, home)
    until((gate / "up").is_file)
    assert len(engine.containers()) == 2
    (gate / "go").touch()
    states = [json.loads(process.communicate(timeout=60)[0])[0] for process in (first, second)]
    assert states == ["SUCCEEDED", "SUCCEEDED"]


def test_ctrl_c_ends_the_containers_and_leaves_a_resumable_run(engine, slow_file: Path, home: Path) -> None:
    gate = home / "volumes" / "gate"
    process = start_engine(slow_file, home)
    until((gate / "up").is_file)
    os.kill(process.pid, signal.SIGINT)
    assert json.loads(process.communicate(timeout=60)[0])[0] == "CANCELLED"
    assert engine.containers() == []


def test_a_timeout_ends_the_container(engine, box: Box, play) -> None:
    result = play(box("trap '' TERM; sleep 300", settings={"activeDeadlineSeconds": "1"}))
    assert result.tasks["box"].error["code"] == "E419"
    assert engine.containers() == []
