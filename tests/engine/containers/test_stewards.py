"""The process that looks after containers, with an engine of our own that answers as is wanted."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from milonga.engine.containers.labels import HOME, RUN, STEWARD, home_mark
from milonga.engine.containers.program import PodProgram
from milonga.engine.home import Home
from milonga.engine.workers.base import StepRequest
from milonga.engine.workers.contained import ContainerPool

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


PREAMBLE = f"""#!{sys.executable}
import json, os, sys
words = sys.argv[1:]
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """`program(script)`: an engine; its arguments are `words`."""

    def make(script: str) -> Path:
        path = tmp_path / "podman"
        path.write_text(PREAMBLE + script)
        path.chmod(0o755)
        monkeypatch.setenv("MILONGA_CONTAINER_ENGINE", str(path))
        return path

    return make


ONE_IS_GONE = """
found = json.loads(LABELS)
if words[0] == "ps":
    print("\\n".join(["gone", *found]))
elif words[0] == "inspect":
    form = words[words.index("--format") + 1]
    for each in words[words.index("--format") + 2 :]:
        if each in found:
            labels = json.dumps(found[each])
            print(form.replace("{{.Id}}", each).replace("{{json .Config.Labels}}", labels))
    sys.exit(125)  # one of them was removed meanwhile, as both engines say
elif words[0] == "rm":
    with open(REMOVED, "a") as file:
        print(*words[3:], file=file)
"""


def test_what_goes_away_during_a_sweep_takes_no_living_container_with_it(
    program: Callable[[str], Path], tmp_path: Path
) -> None:
    home, removed = tmp_path / "home", tmp_path / "removed"
    for run in ("living", "dead", "mine"):
        (home / "runs" / run).mkdir(parents=True)
    mark = home_mark(home)
    labels = {
        "living": {HOME: mark, RUN: "living", STEWARD: "a"},
        "dead": {HOME: mark, RUN: "dead", STEWARD: "b"},
        "elsewhere": {HOME: "another", RUN: "dead", STEWARD: "c"},
    }
    engine = program(f"LABELS = {json.dumps(labels)!r}\nREMOVED = {str(removed)!r}\n" + ONE_IS_GONE)
    with (home / "runs" / "living" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another engine is at work on it
        steward = subprocess.Popen(
            [sys.executable, "-m", "milonga.engine.containers.steward", str(engine), str(home), "mine", "token"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        assert steward.stdin is not None
        deadline = time.monotonic() + 20
        while not removed.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        first = removed.read_text().split()
        steward.stdin.close()
        assert steward.wait(20) == 0
    assert first == ["dead"]


TALKATIVE = """
if words[0] == "--version":
    print("podman version 5.0.1")
elif words[0] == "run":
    with open(STARTED, "a") as file:
        file.write("x")
elif words[0] == "inspect":
    print(json.dumps({"Status": "exited", "ExitCode": 0, "Error": "x" * 30_000}))
else:
    print("5.0.1 true" if words[0] in ("version", "info") else "")
"""


def test_neither_side_waits_for_the_other_to_read(program: Callable[[str], Path], tmp_path: Path) -> None:
    started = tmp_path / "started"
    program(f"STARTED = {str(started)!r}\n" + TALKATIVE)
    home = tmp_path / "home"
    pool = ContainerPool(Home(home))

    def request_of(number: int) -> StepRequest:
        folder = home / "runs" / "r1" / "tasks" / f"box{number}" / "attempt-1"
        return StepRequest(number, "container", "", "", folder, container=PodProgram("f" * 64, ("x" * 100_000,)))

    def submit_all() -> None:
        for number in range(6):
            pool.submit(request_of(number))
        while not started.exists() or started.stat().st_size < 6:
            time.sleep(0.05)
        time.sleep(1)  # its reports are more than a pipe holds, and nobody has read one
        for number in range(6, 12):
            pool.submit(request_of(number))

    at_work = threading.Thread(target=submit_all, daemon=True)
    at_work.start()
    at_work.join(30)
    try:
        assert not at_work.is_alive(), "the engine waits for ever"
        ended: set[int] = set()
        deadline = time.monotonic() + 30
        while len(ended) < 12 and time.monotonic() < deadline:
            ended.update(each.id for each in pool.collect())
            time.sleep(0.02)
        assert ended == {*range(12)}
    finally:
        children = subprocess.run(
            ["ps", "--ppid", str(os.getpid()), "-o", "pid=,args="], capture_output=True, text=True
        )
        if at_work.is_alive():
            for line in children.stdout.splitlines():
                if "containers.steward" in line and str(home) in line:
                    os.kill(int(line.split()[0]), 9)
        pool.close()
