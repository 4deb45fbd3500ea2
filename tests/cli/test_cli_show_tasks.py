"""`milonga show RUN` as a table, `milonga show RUN TASK` with everything, `milonga runs` by state."""

from __future__ import annotations

import json

import pytest

FLOW = """
import milonga as ml
from milonga import Dataset, component, pipeline


@component
def make(text: str) -> Dataset:
    made = Dataset.create_file(metadata={"length": len(text)})
    made.write_text(text)
    return made


@component(retries=1)
def check(data: Dataset, limit: int) -> int:
    found = len(data.read_text())
    if found > limit:
        raise ValueError(f"{found} > {limit}\\nsecond line")
    return found


@component
def after(number: int) -> int:
    return number


@pipeline
def flow(limit: int = 1, text: str = "hello") -> None:
    data = make(text)
    with ml.ParallelFor([1, 2]) as item:
        after(item)
    after(check(data, limit))
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, command_line_in):
    """A command line whose folder has a failed run and a good one, which is the newest."""
    command = command_line_in(tmp_path_factory.mktemp("shown"))
    command.write("flow.py", FLOW)
    assert command("run", "flow.py", "--quiet").code == 1
    assert command("run", "flow.py", "--limit", "9", "--quiet").code == 0
    return command


@pytest.fixture(scope="module")
def failed(shown) -> str:
    (run,) = shown("runs", "--state", "failed", "--json").json["runs"]
    return run["run_id"]


def test_a_run_is_a_table_of_its_tasks(shown, failed: str) -> None:
    lines = shown("show", failed).out.splitlines()
    head = next(line for line in lines if line.startswith("TASK"))
    assert head.split() == ["TASK", "STATE", "WALL", "CPU", "MEMORY", "ATTEMPTS", "CACHE", "WHY"]
    cells = {line.split()[0]: line for line in lines[lines.index(head) + 1 :]}
    assert " FAILED " in cells["check"] and "ValueError: 5 > 1" in cells["check"] and " 2 " in cells["check"]
    assert "second line" not in shown("show", failed).out, "a row is a row"
    assert "NOT_RUN" in cells["after-2"] and "2 iterations" in cells["for-loop-1"]
    again = {line.split()[0]: line for line in shown("show", "last").out.splitlines() if line}
    assert " hit" in again["make"] and " miss" in again["check"]


def test_one_task_with_all_its_attempts(shown, failed: str) -> None:
    document = shown("show", failed, "check", "--json").json
    assert document["state"] == "FAILED" and document["inputs"]["parameters"] == {"limit": 1}
    assert document["inputs"]["artifacts"]["data"]["metadata"] == {"length": 5}
    attempts = document["attempts"]
    assert [(attempt["attempt"], attempt["state"], attempt["exit"]) for attempt in attempts] == [
        (1, "FAILED", 1),
        (2, "FAILED", 1),
    ]
    assert all(attempt["wall_s"] > 0 and attempt["peak_memory_bytes"] > 0 for attempt in attempts)
    line = FLOW.splitlines().index('        raise ValueError(f"{found} > {limit}\\nsecond line")') + 1
    assert document["error"]["place"] == f"{shown.folder / 'flow.py'}:{line}"
    text = shown("show", failed, "check").out
    assert "limit = 1" in text and f"flow.py:{line}" in text and "second line" in text


def test_what_to_do_next_are_commands_that_work(shown, failed: str) -> None:
    commands = shown("show", failed, "check", "--json").json["commands"]
    assert commands["debug"] == f"milonga replay {failed} check --pdb"
    assert shown(*commands["logs"].split()[1:]).code == 0
    assert shown(*commands["replay"].split()[1:]).code == 1
    made = shown("show", "last", "make", "--json").json
    assert made["cache"] == "hit" and made["origin"] == f"{failed}/make"
    assert shown(*made["commands"]["lineage of Output"].split()[1:]).code == 0
    said = shown("show", failed, "check").err
    assert all(command in said for command in commands.values())


def test_a_part_of_a_path_is_enough_when_it_is_the_only_one(shown) -> None:
    assert shown("show", "last", "for-loop-1[0]/after", "--json").json["task"] == "for-loop-1[0]/after"
    ended = shown("show", "last", "after")
    assert ended.code == 2 and "for-loop-1[0]/after, for-loop-1[1]/after" in ended.err


def test_runs_by_state(shown, failed: str) -> None:
    newest = shown("runs", "--json").json["runs"][0]["run_id"]
    for state, expected in (("succeeded", [newest]), ("FAILED", [failed]), ("interrupted", [])):
        assert [run["run_id"] for run in shown("runs", "--state", state, "--json").json["runs"]] == expected
    text = shown("runs").out
    assert "ValueError: 5 > 1" in text and text.count("\n") == 2


def test_values_with_anything_in_them_stay_on_their_line(shown) -> None:
    text = "\x1b[2J{{$}}\n'\"\\ " + "x" * 5000
    shown.write("args.json", json.dumps({"text": text, "limit": 9999}))
    assert shown("run", "flow.py", "--args", "args.json", "--quiet").code == 0
    ended = shown("show", "last", "make")
    assert "\x1b" not in ended.out and "characters)" in ended.out
    assert shown("show", "last", "make", "--json").json["inputs"]["parameters"]["text"] == text
