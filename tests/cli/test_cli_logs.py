"""`milonga logs`: of one task or of all, of an earlier attempt, the last lines, and while they are written."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

FLOW = """
import sys
import time
from pathlib import Path

import milonga as ml
from milonga import component, pipeline


@component(retries=1)
def talk(name: str, gate: str) -> str:
    count = Path(gate + name)
    count.write_text(count.read_text() + "x" if count.exists() else "x")
    for number in range(3):
        print(name, number, "attempt", len(count.read_text()))
    if name == "moody" and len(count.read_text()) == 1:
        raise ValueError("not yet")
    return name


@component
def wait(gate: str, after: str) -> None:
    print("first", flush=True)
    sys.stdout.write("half ")
    sys.stdout.flush()
    deadline = time.monotonic() + 60
    while not Path(gate).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    print("line")
    print("last")


@pipeline
def flow(gate: str) -> None:
    calm = talk("calm", gate)
    with ml.ParallelFor(["a", "moody"]) as name:
        talk(name, gate)
    wait(gate, calm)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory, command_line_in):
    """A command line whose folder has an ended run; tests only read it."""
    command = command_line_in(tmp_path_factory.mktemp("said"))
    command.write("flow.py", FLOW)
    gate = command.write("gate", "")
    ended = command("run", "flow.py", "--gate", str(gate), "--quiet")
    assert ended.code == 0, ended.err
    return command


def test_one_task_is_printed_as_it_wrote(said) -> None:
    assert said("logs", "last", "talk").out == "calm 0 attempt 1\ncalm 1 attempt 1\ncalm 2 attempt 1\n"


def test_an_earlier_attempt_and_the_newest(said) -> None:
    newest = said("logs", "last", "for-loop-1[1]/talk-2")
    assert newest.out == "".join(f"moody {number} attempt 2\n" for number in range(3))
    first = said("logs", "last", "for-loop-1[1]/talk-2", "--attempt", "1").out
    assert first.startswith("moody 0 attempt 1\n") and first.endswith("ValueError: not yet\n")


def test_the_whole_run_has_names_in_front(said) -> None:
    lines = said("logs", "last").out.splitlines()
    assert "talk | calm 1 attempt 1" in lines and "for-loop-1[1]/talk-2 | moody 2 attempt 2" in lines
    assert all(" | " in line for line in lines) and len(lines) == 12


def test_a_group_is_all_that_is_in_it(said) -> None:
    lines = said("logs", "last", "for-loop-1").out.splitlines()
    assert len(lines) == 6 and all(line.startswith("for-loop-1[") for line in lines)
    assert said("logs", "last", "for-loop-1[0]").out.count("\n") == 3


@pytest.mark.parametrize(("count", "expected"), [(0, ""), (1, "last\n"), (2, "half line\nlast\n"), (99, None)])
def test_the_last_lines(said, count: int, expected: str | None) -> None:
    whole = said("logs", "last", "wait").out
    assert said("logs", "last", "wait", "--tail", str(count)).out == (whole if expected is None else expected)


def test_a_step_that_wrote_nothing_has_no_lines(here) -> None:
    here.write("flow.py", "from milonga import component, pipeline\n\n@component\ndef hush() -> int:\n    return 1\n")
    assert here("run", "flow.py", "--quiet").code == 0
    assert here("logs", "last").out == here("logs", "last", "--follow").out == ""


def test_as_json(said) -> None:
    document = said("logs", "last", "talk", "--json").json
    assert document["task"] == "talk" and document["attempt"] == 1 and document["log"].startswith("calm 0")
    whole = said("logs", "last", "--json").json
    logs = whole["logs"]
    assert document["run_id"] == whole["run_id"] == said("show", "last", "--json").json["run_id"]
    assert [log["attempt"] for log in logs if log["task"].endswith("[1]/talk-2")] == [2] and len(logs) == 4


def test_a_step_from_the_cache_says_where_it_ran(said, tmp_path: Path) -> None:
    gate = said.folder / "gate"
    assert said("run", "flow.py", "--gate", str(gate), "--quiet").code == 0
    ended = said("logs", "last", "wait")
    assert ended.code == 0 and ended.out == "" and "came from the cache" in ended.err
    command = ended.err.partition("milonga logs ")[2].split()
    assert said("logs", command[0], command[1].strip("'")).out.endswith("last\n")


@pytest.mark.parametrize(
    ("arguments", "said_so"),
    [
        (("last", "tal"), "did you mean 'talk'?"),
        (("last", "talk-2"), "for-loop-1[0]/talk-2, for-loop-1[1]/talk-2"),
        (("last", "talk", "--attempt", "9"), "E955"),
        (("last", "--attempt", "1"), "E954"),
        (("last", "for-loop-1", "--attempt", "1"), "E954"),
        (("last", "--follow", "--json"), "E954"),
        (("1999", "talk"), "E905"),
    ],
)
def test_wrong_words_are_one_clear_error(said, arguments: tuple[str, ...], said_so: str) -> None:
    ended = said("logs", *arguments)
    assert ended.code == 2 and said_so in ended.err + ended.out


def test_a_run_in_another_process_is_followed_to_its_end(milonga) -> None:
    milonga.write("flow.py", FLOW)
    gate = milonga.folder / "gate"
    command = [sys.executable, "-m", "milonga"]
    environment = {name: value for name, value in os.environ.items() if name != "MILONGA_HOME"}
    engine = subprocess.Popen(
        [*command, "run", "flow.py", "--gate", str(gate), "-q"], cwd=milonga.folder, env=environment
    )
    follower = None
    try:
        log = wait_for(lambda: next(milonga.home.rglob("wait/attempt-1/log.txt"), None))
        wait_for(lambda: log.read_text().endswith("half ") or None)
        follower = subprocess.Popen(
            [*command, "logs", "last", "wait", "--follow"],
            cwd=milonga.folder,
            env=environment,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        assert follower.stdout is not None and follower.stdout.readline() == "first\n", "seen while the task runs"
        assert follower.poll() is None and not gate.exists()
        gate.write_text("")
        rest, _ = follower.communicate(timeout=60)
        assert rest == "half line\nlast\n" and follower.returncode == 0
        assert engine.wait(timeout=60) == 0
    finally:
        for process in (engine, follower):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


def test_following_a_run_that_has_ended_prints_it_and_ends(said) -> None:
    ended = said("logs", "last", "--follow", "--tail", "1")
    assert ended.code == 0
    run = said("runs", "--json", "-n", "9").json["runs"][-1]["run_id"]
    whole = said("logs", run, "--follow").out.splitlines()
    assert sorted(whole) == sorted(said("logs", run).out.splitlines())


def wait_for(found, seconds: float = 60.0):
    """What `found` gives as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while (value := found()) is None:
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)
    return value
