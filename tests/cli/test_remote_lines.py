"""A remote run on a terminal: one line a change."""

from __future__ import annotations

import pytest

from milonga.backends.described_run import DescribedRun
from milonga.backends.described_task import DescribedTask
from milonga.backends.remote_run import RemoteRun
from milonga.backends.remote_state import RemoteState
from milonga.backends.remote_task import RemoteTask
from milonga.backends.run_summary import RunSummary
from milonga.cli.remote_lines import RemoteLines
from milonga.cli.remote_runs import print_run


def _told(lines: RemoteLines, state: RemoteState, progress: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    lines(RemoteRun("r", "RUNNING", (RemoteTask("1", "loop", state, progress=progress),)))
    return [line.split(" ", 1)[1] for line in capsys.readouterr().err.splitlines()]


def test_more_steps_of_a_pod_that_have_ended_are_a_change(capsys: pytest.CaptureFixture[str]) -> None:
    lines = RemoteLines()
    assert _told(lines, "RUNNING", "", capsys) == ["loop running", "run r RUNNING"]
    assert _told(lines, "RUNNING", "3/7", capsys) == ["loop running, 3/7 steps"]
    assert _told(lines, "RUNNING", "3/7", capsys) == []
    assert _told(lines, "RUNNING", "6/7", capsys) == ["loop running, 6/7 steps"]
    assert _told(lines, "SUCCEEDED", "", capsys) == ["loop succeeded"]


def test_a_shown_run_says_how_far_a_pod_has_come(capsys: pytest.CaptureFixture[str]) -> None:
    task = DescribedTask("loop", "step", "RUNNING", together="g", progress="3/7")
    assert task.to_json()["progress"] == "3/7"
    print_run(DescribedRun(RunSummary("r", "r", "p", "RUNNING"), place="default", tasks=(task,)))
    assert "shares pod g; 3/7 steps" in capsys.readouterr().out
