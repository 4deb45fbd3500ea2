"""What can be seen of this machine's schedules and of the runs that they and `submit` have started."""

from __future__ import annotations

import shutil
from pathlib import Path
from textwrap import dedent

import pytest

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


NOTE = """
    from milonga import component, pipeline

    @component
    def note(path: str, text: str) -> None:
        if text == "fails":
            raise ValueError("as\\nasked " + 300 * "x")

    @pipeline
    def notes(path: str, text: str = "ran") -> None:
        note(path, text)
"""


@pytest.fixture
def inbox(here) -> Path:
    Path(here.folder, "notes.py").write_text(dedent(NOTE), "utf-8")
    folder = Path(here.folder, "inbox")
    folder.mkdir()
    return folder


def add(here, *more: str) -> None:
    added = here("schedule", "add", "notes.py:notes", "--path", "x", *more)
    assert added.code == 0, added.err


def watch(here, *more: str) -> None:
    on_file = ("schedule", "on-file", "notes.py:notes", "--folder", "inbox", "--input", "path", "--settle", "0s")
    assert here(*on_file, *more).code == 0


def test_the_list_has_everything_that_was_kept(here, inbox: Path) -> None:
    bounds = ("--start", "2999-01-01T00:00:00Z", "--end", "2999-12-31T00:00:00Z")
    add(here, "--cron", "0 6 * * *", *bounds, "--max-concurrency", "3", "--no-cache", "--text", "a b")
    (found,) = here("schedule", "list", "--json").json["schedules"]
    assert found["next_time"] == "2999-01-01T06:00:00Z" and "last_state" not in found
    assert found["pipeline"] == "notes" and len(found["pipeline_digest"]) > 16
    assert found["arguments"] == {"path": "x", "text": "a b"} and found["use_cache"] is False
    assert found["max_concurrency"] == 3 and found["folder"] == str(here.folder)
    assert found["trigger"] == {
        "kind": "time",
        "cron": "0 6 * * *",
        "time_zone": "UTC",
        "catch_up": False,
        "start": "2999-01-01T00:00:00+00:00",
        "end": "2999-12-31T00:00:00+00:00",
    }
    assert here("schedule", "list").out == "notes-1  on  next 2999-01-01T06:00:00Z  0 6 * * * UTC  notes\n"
    assert here("schedule", "pause", "notes").code == 0
    assert here("schedule", "list").out == "notes-1  off  0 6 * * * UTC  notes\n", "no time comes next"


def test_a_schedule_whose_end_has_passed_is_over(here, inbox: Path) -> None:
    add(here, "--cron", "@daily", "--start", "2020-01-01T00:00:00Z", "--end", "2020-02-01T00:00:00Z")
    assert here("schedule", "list").out == "notes-1  over  0 0 * * * UTC  notes\n"
    (found,) = here("schedule", "list", "--json").json["schedules"]
    assert found["is_over"] is True and "next_time" not in found
    watch(here, "--name", "files")
    assert "files-2  on " in here("schedule", "list").out, "files have no times that could be over"


def test_a_failure_is_told_with_its_reason_and_what_to_do_next(here, inbox: Path) -> None:
    watch(here, "--text", "fails")
    (inbox / "a").write_text("1")
    assert here("schedule", "run-due", "--wait").code == 1
    (firing,) = here("schedule", "firings", "notes", "--json").json["firings"]
    (line,) = here("schedule", "firings", "notes").out.splitlines()
    assert "E410 ValueError: as asked xxx" in line and "xxx...  " in line and line.count("x") < 120
    assert line.endswith(f"milonga show {firing['run_id']}")
    assert here("show", firing["run_id"]).code == 0
    (listed,) = here("schedule", "list", "--json").json["schedules"]
    assert listed["last_state"] == "FAILED" and listed["last_firing"] == firing
    assert here("schedule", "list").out.startswith("notes-1  on  last FAILED  new file ")


def test_the_next_step_names_another_state_folder(here, inbox: Path) -> None:
    other = Path(here.folder, "other home")
    failed = here("submit", "notes.py:notes", "--to", "local", "--home", other, "--path", "x", "--text=fails", "--wait")
    run_id = failed.out.split()[0]
    assert failed.code == 1 and f"MILONGA_HOME='{other}' milonga logs {run_id}\n" in failed.err
    assert here("logs", run_id).code == 2, "it is not in the folder that is meant without it"
    assert here("logs", run_id, env={"MILONGA_HOME": str(other)}).code == 0


def test_a_submitted_run_that_fails_names_its_logs(here, inbox: Path) -> None:
    failed = here("submit", "notes.py:notes", "--to", "local", "--path", "x", "--text", "fails", "--wait")
    run_id = failed.out.split()[0]
    assert failed.code == 1 and f"milonga logs {run_id}\n" in failed.err and "remote" not in failed.err
    assert here("logs", run_id).code == 0
    good = here("submit", "notes.py:notes", "--to", "local", "--path", "x", "--wait")
    assert good.code == 0 and "milonga logs" not in good.err


@pytest.mark.parametrize("more", [(), ("--wait",), ("--cancel",), ("--json",)])
def test_a_run_that_is_not_there_is_wrong_usage(here, more: tuple[str, ...]) -> None:
    ended = here("submit", "--to", "local", "--attach", "nope", *more)
    assert ended.code == 2 and "error E812" in ended.err and "'nope'" in ended.err


def test_mistakes_name_the_flags_that_were_typed_all_at_once(here, inbox: Path) -> None:
    typed = ("--every", "0s", "--max-concurrency", "0", "--time-zone", "Mars", "--start", "soon", "--name", "")
    ended = here("schedule", "add", "notes.py:notes", "--path", "x", *typed)
    assert ended.code == 2 and "E920: 5 mistakes" in ended.err
    for flag in typed[::2]:
        assert f"\n    {flag} is " in ended.err
    assert "interval_s" not in ended.err and "max_concurrency" not in ended.err and "time_zone" not in ended.err
    cron = here("schedule", "add", "notes.py:notes", "--path", "x", "--cron", "61 * * * *", "--end", "never")
    assert "E920: 2 mistakes" in cron.err and "--end is no time" in cron.err


def test_a_folder_that_is_not_there_is_named_now_and_when_it_has_gone(here, inbox: Path) -> None:
    refused = here("schedule", "on-file", "notes.py:notes", "--folder", "nowhere", "--input", "path")
    assert refused.code == 2 and "hint: make it first" in refused.err and here("schedule", "list").out == ""
    watch(here)
    shutil.rmtree(inbox)
    for options in ((), ("--json",)):
        ended = here("schedule", "run-due", *options)
        assert ended.code == 0 and ended.err.count(str(inbox)) == 1, ended.err
