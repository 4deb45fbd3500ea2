"""`milonga schedule` on this machine, which is what it means unless another back end is named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


ADD = ("schedule", "add", "flow.py:p", "--set", "value=3")
NOTE = """
    from milonga import Dataset, component, pipeline

    @component
    def note(path: str, text: str) -> None:
        if text == "fails":
            raise ValueError("as asked")
        with open("noted.txt", "a", encoding="utf-8") as stream:
            stream.write(f"{path} {text}\\n")

    @component
    def length(data: Dataset) -> int:
        return len(data.path.read_text())

    @pipeline
    def notes(path: str, text: str = "ran") -> None:
        note(path, text)

    @pipeline
    def lengths(data: Dataset, factor: int = 2) -> int:
        return length(data)
"""


@pytest.fixture
def notes(here) -> Path:
    from textwrap import dedent

    path = Path(here.folder, "notes.py")
    path.write_text(dedent(NOTE), "utf-8")
    return path


def test_a_schedule_is_added_listed_paused_resumed_and_deleted(here, flow: Path) -> None:
    added = here(*ADD, "--cron", "0 6 * * *", "--time-zone", "Europe/Berlin", "--json")
    assert added.code == 0, added.err
    made = json.loads(added.out)
    assert made["backend"] == "local" and made["id"] == "p-1" and made["timing"] == "0 6 * * * Europe/Berlin"
    assert "milonga schedule serve" in made["note"] and made["note"] in added.err
    assert re.fullmatch(r"p-1  on  next \S+Z  0 6 \* \* \* Europe/Berlin  p\n", here("schedule", "list").out)
    assert here("schedule", "pause", "p").code == 0
    assert json.loads(here("schedule", "list", "--json").out)["schedules"][0]["enabled"] is False
    assert here("schedule", "resume", "p-1", "--catch-up").code == 0
    assert here("schedule", "list").out.startswith("p-1  on ")
    assert here("schedule", "firings", "p-1").out == ""
    assert here("schedule", "delete", "p-1").code == 0
    assert here("schedule", "list").out == ""


def test_the_same_name_again_says_that_it_was_changed(here, flow: Path) -> None:
    first = here(*ADD, "--every", "6h")
    again = here(*ADD, "--every", "1h")
    assert first.out == again.out == "p-1\n"
    assert "changed" not in first.err and "the schedule of that name was changed" in again.err
    assert re.fullmatch(r"p-1  on  next \S+Z  every 3600 s  p\n", here("schedule", "list").out)


def test_looking_makes_nothing(here, flow: Path) -> None:
    before = sorted(path.name for path in Path(here.folder).iterdir())
    assert here("schedule", "list").out == "" and here("schedule", "run-due").out == ""
    for verb in ("pause", "resume", "delete", "firings"):
        ended = here("schedule", verb, "nothing")
        assert ended.code == 2 and "error E813" in ended.err, "nothing is remote here"
    assert sorted(path.name for path in Path(here.folder).iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "flow.py:p", "--cron", "@daily"), "E903"),
        (("add", "flow.py:p", "--cron", "@daily", "--set", "value=x"), "E904"),
        (("add", "flow.py:p", "--set", "value=1", "--cron", "61 * * * *"), "E920"),
        (("add", "flow.py:p", "--set", "value=1"), "E920"),
        (("add", "flow.py:p", "--set", "value=1", "--cron", "@daily", "--label", "a=b"), "E933"),
        (("add", "flow.py:p", "--set", "value=1", "--cron", "@daily", "--secrets", "nowhere.json"), "E978"),
        (("add", "flow.py:p", "--set", "value=1", "--cron", "@daily", "--endpoint", "http://x"), "E931"),
        (("add", "--cron", "@daily"), "E908"),
        (("list", "--to", "lokal"), "E930"),
        (("on-file", "flow.py:p", "--folder", ".", "--input", "value"), "E977"),
        (("on-file", "flow.py:p", "--folder", ".", "--input", "nothing"), "E977"),
        (("on-file", "flow.py:p", "--folder", "nowhere", "--input", "text", "--set", "value=1"), "E977"),
        (("on-file", "flow.py:p", "--folder", ".", "--input", "text"), "E903"),
        (("on-file", "flow.py:p", "--folder", ".", "--input", "text", "--set", "value=1", "--settle", "x"), "E920"),
        (("on-file", "flow.py:p", "--input", "text"), "E900"),
        (("on-hook", "flow.py:p", "--set", "valu=1"), "E902"),
        (("on-hook",), "E908"),
        (("run-due", "--max-runs", "0"), "E900"),
        (("serve", "--port", "70000"), "E900"),
        (("add", "flow.py:p", "--set", "value=1", "--cron", "@daily", "--name", ""), "E920"),
        (("on-file", "flow.py:p", "--folder", ".", "--input", "text", "--set", "value=1", "--name", " "), "E920"),
        (("on-hook", "flow.py:p", "--name", ""), "E920"),
        (("delete", ""), "E813"),
    ],
)
def test_wrong_usage_is_one_clear_error_and_nothing_is_kept(here, flow: Path, arguments, code: str) -> None:
    ended = here("schedule", *arguments)
    assert ended.code == 2 and ended.out == "" and f"error {code}" in ended.err and "Traceback" not in ended.err
    assert here("schedule", "list").out == ""


def test_a_new_file_runs_the_pipeline_with_its_path(here, notes: Path) -> None:
    inbox = notes.parent / "inbox"
    inbox.mkdir()
    added = here("schedule", "on-file", "notes.py:notes", "--folder", "inbox", "--input", "path", "--settle", "0s")
    assert added.code == 0 and added.out == "notes-1\n" and "new file" in added.err
    (inbox / "a b.csv").write_text("1")
    ended = here("schedule", "run-due", "--wait", "--json")
    assert ended.code == 0, ended.err
    (started,) = json.loads(ended.out)["started"]
    assert started["state"] == "SUCCEEDED" and started["event"] == str(inbox / "a b.csv")
    assert (notes.parent / "noted.txt").read_text() == f"{inbox / 'a b.csv'} ran\n"
    assert here("schedule", "run-due", "--wait").out == ""
    assert here("schedule", "firings", "notes").out.startswith(f"{started['firing']}  SUCCEEDED  {started['run_id']}")
    (run,) = json.loads(here("runs", "--json").out)["runs"]
    assert run["run_id"] == started["run_id"] and run["source"] == f"schedule {started['firing']}"


def test_a_new_file_can_be_an_artifact(here, notes: Path) -> None:
    (notes.parent / "inbox").mkdir()
    add = ("schedule", "on-file", "notes.py:lengths", "--folder", "inbox", "--input", "data", "--settle", "0s")
    assert here(*add, "--set", "factor=3").code == 0
    (notes.parent / "inbox" / "a").write_text("12345")
    ended = here("schedule", "run-due", "--wait", "--json")
    (started,) = json.loads(ended.out)["started"]
    assert ended.code == 0 and started["state"] == "SUCCEEDED", ended.out
    assert json.loads(here("show", started["run_id"], "--json").out)["outputs"]["Output"] == 5


def test_a_run_that_fails_is_an_exit_code_of_one(here, notes: Path) -> None:
    (notes.parent / "inbox").mkdir()
    add = ("schedule", "on-file", "notes.py:notes", "--folder", "inbox", "--input", "path", "--settle", "0s")
    assert here(*add, "--text", "fails").code == 0
    (notes.parent / "inbox" / "a").write_text("1")
    ended = here("schedule", "run-due", "--wait")
    assert ended.code == 1 and "FAILED" in ended.out
    assert "E410" in here("schedule", "firings", "notes").out
    assert ended.out == here("schedule", "firings", "notes").out, "both say why"


def test_a_hook_may_leave_inputs_to_its_callers(here, notes: Path) -> None:
    added = here("schedule", "on-hook", "notes.py:notes", "--name", "on deploy", "--json")
    assert added.code == 0 and json.loads(added.out)["timing"] == "POST /hooks/on%20deploy"
    assert "token" not in added.out


def test_a_submitted_run_is_waited_for(here, notes: Path) -> None:
    ended = here("submit", "notes.py:notes", "--to", "local", "--path", "x", "--wait", "--json")
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert document["state"] == "SUCCEEDED" and document["backend"] == "local"
    assert here("submit", "--to", "local", "--attach", document["run_id"]).code == 0
    failed = here("submit", "notes.py:notes", "--to", "local", "--path", "x", "--text", "fails", "--wait")
    assert failed.code == 1 and "E410" in failed.err
