"""Runs in processes of their own: `submit --to local`, their state, their end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from real_scheduler import RealScheduler, engine_process, kill_group

from milonga.backends.api import submit
from milonga.backends.local.running.scheduler import LocalScheduler
from milonga.backends.submit_request import SubmitRequest
from milonga.errors import MilongaError, UsageError

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


def test_a_run_is_submitted_watched_and_ends(real: RealScheduler) -> None:
    submission = submit(
        f"{real.folder / 'flow.py'}:notes",
        {"path": str(real.lines_file)},
        to="local",
        home=str(real.home.root),
    )
    run = submission.wait(timeout_s=60)
    assert run.state == "SUCCEEDED" and [task.name for task in run.tasks] == ["note"] and real.lines() == ["ran"]
    assert run.url.startswith("file://") and real.firings()[0].state == "SUCCEEDED"
    submission.cancel()
    assert submission.status().state == "SUCCEEDED"


def test_a_failure_is_told(real: RealScheduler) -> None:
    submitted = real.backend.submit(real.graph, real.request(text="fails"))
    real.wait_for(lambda: real.backend.status(submitted.run_id).ended)
    run = real.backend.status(submitted.run_id)
    assert run.state == "FAILED" and "E410" in run.error and run.tasks[0].state == "FAILED"


def test_a_run_is_cancelled_with_everything_that_it_has_started(real: RealScheduler) -> None:
    submitted = real.backend.submit(real.graph, real.request(seconds=60))
    real.wait_for(lambda: any(task.state == "RUNNING" for task in real.backend.status(submitted.run_id).tasks))
    real.backend.cancel(submitted.run_id)
    real.wait_for(lambda: real.all_ended(1), 30)
    assert real.backend.status(submitted.run_id).state == "CANCELLED"
    assert real.firings()[0].state == "CANCELLED" and real.lines() == []


def test_a_submitted_run_that_loses_its_process_has_failed_and_no_scheduler_touches_it(real: RealScheduler) -> None:
    submitted = real.backend.submit(real.graph, real.request(seconds=60))
    real.wait_for(lambda: (real.home.run(submitted.run_id) / "lock").exists())
    kill_group(engine_process(real.home, submitted.run_id))
    real.wait_for(lambda: real.backend.status(submitted.run_id).ended)
    run = real.backend.status(submitted.run_id)
    assert run.state == "FAILED" and f"milonga run --resume {submitted.run_id}" in run.error
    assert LocalScheduler(real.home).run_due() == ()


def test_a_run_that_cannot_begin_says_why(real: RealScheduler) -> None:
    with pytest.raises(MilongaError) as caught:
        real.backend.submit(real.graph, SubmitRequest({"path": 3}))
    assert caught.value.code == "E904" and real.runs() == []


def test_there_is_no_such_run(real: RealScheduler) -> None:
    for call in (real.backend.status, real.backend.cancel):
        with pytest.raises(UsageError) as caught:
            call("20260101-000000-0000000")
        assert caught.value.code == "E812"
        with pytest.raises(UsageError) as wrong:
            call("../../etc")
        assert wrong.value.code == "E939"
    assert not real.home.root.exists()


def test_labels_are_refused(real: RealScheduler) -> None:
    with pytest.raises(UsageError) as caught:
        real.backend.submit(real.graph, SubmitRequest(labels={"team": "a"}))
    assert caught.value.code == "E933"


def test_due_runs_are_started_waited_for_and_reported(real: RealScheduler) -> None:
    real.owe(3, at_once=1, name="good")
    real.owe(1, name="bad", text="fails")
    ended = LocalScheduler(real.home).run_due(wait=True)
    assert [firing.state for firing in ended if firing.id.startswith("good")] == ["SUCCEEDED"] * 3
    (bad,) = [firing for firing in ended if firing.id.startswith("bad")]
    assert bad.state == "FAILED" and bad.error["code"] == "E410"
    assert LocalScheduler(real.home).run_due(wait=True) == ()


def test_without_waiting_it_returns_while_runs_go_on(real: RealScheduler) -> None:
    real.owe(1, seconds=3)
    (firing,) = LocalScheduler(real.home).run_due()
    assert firing.state == "RUNNING"
    assert LocalScheduler(real.home).run_due() == ()
    real.wait_for(lambda: real.all_ended(1))
    real.require_exactly_once(1)


def test_no_more_runs_than_allowed_go_on_at_once(real: RealScheduler) -> None:
    for number in range(3):
        real.owe(1, name=f"s{number}", seconds=0.5)
    assert len(LocalScheduler(real.home, max_runs=1).run_due()) == 1
    assert [firing.state for firing in real.firings()].count("PENDING") == 2
    LocalScheduler(real.home, max_runs=1).run_due(wait=True)
    real.wait_for(lambda: real.all_ended(3) or bool(LocalScheduler(real.home).run_due(wait=True)))
    assert len(real.lines()) == 3


def test_what_was_added_runs_whatever_becomes_of_the_file(real: RealScheduler) -> None:
    real.owe(1)
    (real.folder / "flow.py").write_text("broken(", "utf-8")
    (firing,) = LocalScheduler(real.home).run_due(wait=True)
    assert firing.state == "SUCCEEDED" and real.lines() == ["ran"]


def test_secrets_are_read_when_the_run_starts_and_kept_nowhere(real: RealScheduler, tmp_path: Path) -> None:
    from milonga.backends.local.local_settings import LocalSettings

    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"db": {"password": "hunter2-never-kept"}}))
    settings = LocalSettings.resolved({"home": str(real.home.root), "secrets": str(file)})
    assert settings.secrets == str(file)
    from milonga.backends.local.backend import LocalBackend
    from milonga.backends.patience import Patience

    submitted = LocalBackend(settings, Patience()).submit(real.graph, real.request())
    real.wait_for(lambda: real.backend.status(submitted.run_id).ended)
    kept = [path for path in real.home.root.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert kept == []


@pytest.mark.parametrize("content", ["[", "[1]", '{"a": "b"}', '{"a": {"b": 1}}'])
def test_a_file_of_secrets_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    from milonga.backends.local.local_settings import read_secrets

    file = tmp_path / "secrets.json"
    file.write_text(content)
    with pytest.raises(UsageError) as caught:
        read_secrets(str(file))
    assert caught.value.code == "E978"
