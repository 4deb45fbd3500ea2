"""Each fault does to a run what it says, and the run shows it as it would show the real thing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import milonga as ml
from milonga import Dataset, Model, component, pipeline
from milonga.engine.api import resume_run, start_run
from milonga.engine.faults.kinds import parse_faults
from milonga.engine.home import Home
from milonga.engine.progress import Silent
from milonga.engine.result import RunResult
from milonga.engine.runnable import as_runnable
from milonga.engine.settings import RunSettings
from milonga.errors import UsageError


def note(ledger: str, text: str) -> None:
    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write(text + "\n")


@component
def fetch(ledger: str) -> Dataset:
    note(ledger, "fetch")
    made = Dataset.create()
    (made.path / "part.txt").write_text("data")
    (made.path / "empty.txt").touch()
    return made


class Trained(NamedTuple):
    model: Model
    size: int


@component
def train(ledger: str, data: Dataset) -> Trained:
    note(ledger, "train")
    model = Model.create_file()
    model.path.write_bytes((data.path / "part.txt").read_bytes() * 2)
    return Trained(model, 8)


@component
def weigh(ledger: str, model: Model) -> int:
    note(ledger, "weigh")
    return model.path.stat().st_size


@pipeline
def steps(ledger: str) -> int:
    trained = train.options(retries=1)(ledger, fetch.options(retries=2)(ledger))
    return weigh(ledger, trained.model)


@pipeline
def loop(ledger: str) -> list[int]:
    with ml.ParallelFor([0, 1, 2]) as _:
        weight = weigh(ledger, train(ledger, fetch(ledger)).model)
    return ml.Collected(weight)


class Heard(Silent):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, text: str) -> None:
        self.notices.append(text)


class Play:
    def __init__(self, home: Path, ledger: Path) -> None:
        self.home, self.ledger, self.heard = home, ledger, Heard()

    def settings(self, faults: tuple[str, ...], more: dict[str, Any]) -> RunSettings:
        return RunSettings(home=Home(self.home), jobs=2, faults=parse_faults(faults), **more)

    def run(self, *faults: str, flow: Any = steps, **more: Any) -> RunResult:
        settings = self.settings(faults, more)
        return start_run(as_runnable(flow), {"ledger": str(self.ledger)}, settings, self.heard)

    def resume(self, *faults: str, **more: Any) -> RunResult:
        return resume_run(as_runnable(steps), None, None, self.settings(faults, more), self.heard)

    def lines(self) -> list[str]:
        return self.ledger.read_text().split() if self.ledger.exists() else []


@pytest.fixture
def with_faults(home: Path, ledger: Path) -> Play:
    return Play(home, ledger)


def test_without_faults_nothing_is_said(with_faults: Play) -> None:
    assert with_faults.run().outputs == {"Output": 8} and not with_faults.heard.notices


def test_a_run_says_which_faults_it_has(with_faults: Play) -> None:
    with_faults.run("kill:train", "delay:weigh:10ms")
    assert with_faults.heard.notices == ["faults in this run: kill:train, delay:weigh:10ms"]


@pytest.mark.parametrize("kind", ["kill", "oom"])
def test_a_killed_attempt_is_repeated_where_the_task_says_so(with_faults: Play, kind: str) -> None:
    result = with_faults.run(f"{kind}:train")
    assert result.outputs == {"Output": 8} and result.tasks["train"].attempts == 2


@pytest.mark.parametrize(("kind", "who"), [("kill", "system"), ("oom", "user")])
def test_a_task_that_is_killed_each_time_fails_as_in_earnest(with_faults: Play, kind: str, who: str) -> None:
    result = with_faults.run(f"{kind}:train:2")
    error = result.tasks["train"].error
    assert (result.state, error["code"], error["kind"]) == ("FAILED", "E415", who) and f"{kind}:train:2" in error[
        "message"
    ]
    assert result.tasks["weigh"].state == "NOT_RUN"


def test_a_kill_may_come_later(with_faults: Play) -> None:
    """The task does something first, and is killed in the middle of it."""
    result = with_faults.run("kill:linger:1:2s", flow=lingering)
    assert result.tasks["linger"].error["code"] == "E415" and with_faults.lines() == ["begun"]


@component
def linger(ledger: str) -> int:
    note(ledger, "begun")
    time.sleep(60)
    return 1


@pipeline
def lingering(ledger: str) -> int:
    return linger(ledger)


def test_a_kill_that_comes_too_late_has_hit_nothing(with_faults: Play) -> None:
    assert with_faults.run("kill:train:1:1h").state == "SUCCEEDED"
    assert "the fault 'kill:train:1:1h' has hit nothing" in with_faults.heard.notices


@pytest.mark.parametrize("mode", ["isolated", "in-process"])
def test_the_first_attempts_fail(with_faults: Play, mode: str) -> None:
    result = with_faults.run("fail:fetch:2", mode=mode)
    assert result.state == "SUCCEEDED" and result.tasks["fetch"].attempts == 3
    assert with_faults.lines() == ["fetch", "train", "weigh"], "a failed attempt does not run"
    log = result.folder / "tasks" / "fetch" / "attempt-1" / "log.txt"
    assert "E465" in log.read_text() and "fail:fetch:2" in log.read_text()


def test_all_attempts_fail(with_faults: Play) -> None:
    result = with_faults.run("fail:fetch:*")
    assert result.tasks["fetch"].error["code"] == "E465" and result.tasks["fetch"].attempts == 3


@pytest.mark.parametrize("mode", ["isolated", "in-process"])
def test_a_task_is_late(with_faults: Play, mode: str) -> None:
    began = time.monotonic()
    result = with_faults.run("delay:train:400ms", mode=mode)
    assert time.monotonic() - began > 0.4 and result.state == "SUCCEEDED"
    record = result.tasks["train"]
    assert record.started_at is not None and record.ended_at is not None
    assert record.ended_at - record.started_at > 0.4


@pipeline
def limited(ledger: str) -> Dataset:
    return fetch.options(timeout_s=0.3)(ledger)


def test_a_pause_counts_against_the_time_limit(with_faults: Play) -> None:
    result = with_faults.run("delay:fetch:1h", flow=limited)
    assert result.tasks["fetch"].error["code"] == "E419" and not with_faults.lines()


@pytest.mark.parametrize(
    "fault", ["lose:model", pytest.param("corrupt:train.model", marks=pytest.mark.slow), "corrupt:*.mod*"]
)
def test_stored_content_goes_bad_and_resume_makes_it_again(with_faults: Play, fault: str) -> None:
    result = with_faults.run(fault)
    error = result.tasks["weigh"].error
    assert (result.state, error["code"]) == ("FAILED", "E420") and "'model'" in error["message"]
    again = with_faults.resume()
    assert again.outputs == {"Output": 8} and sorted(with_faults.lines()) == ["fetch", "train", "train", "weigh"]


@pytest.mark.parametrize("kind", ["lose", "corrupt"])
def test_a_folder_goes_bad_too(with_faults: Play, kind: str) -> None:
    result = with_faults.run(f"{kind}:fetch.Output")
    assert result.tasks["train"].error["code"] == "E420"
    assert with_faults.resume().state == "SUCCEEDED"


def test_spoilt_content_is_never_a_cache_hit(with_faults: Play) -> None:
    with_faults.run("corrupt:model")
    assert with_faults.run().outputs == {"Output": 8}
    assert with_faults.lines().count("train") == 2 and with_faults.lines().count("fetch") == 1


def test_a_full_disk(with_faults: Play) -> None:
    result = with_faults.run("full:train")
    error = result.tasks["train"].error
    assert (result.state, error["code"]) == ("FAILED", "E424") and "No space left" in error["message"]
    assert "free some space" in error["hint"]
    assert with_faults.resume().outputs == {"Output": 8}


def test_faults_of_a_loop_hit_each_of_its_iterations(with_faults: Play) -> None:
    result = with_faults.run("fail:train", flow=loop)
    assert [task.state for path, task in result.tasks.items() if path.endswith("/train")] == ["FAILED"] * 3


def test_one_iteration_of_a_loop(with_faults: Play) -> None:
    result = with_faults.run("fail:for-loop-*[1]/train", flow=loop)
    states = {path: task.state for path, task in result.tasks.items() if path.endswith("/train")}
    assert sorted(states.values()) == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    assert next(path for path, state in states.items() if state == "FAILED").endswith("[1]/train")


def test_several_faults_at_once(with_faults: Play) -> None:
    result = with_faults.run("delay:train:100ms", "kill:train", "fail:fetch")
    assert result.state == "SUCCEEDED"
    assert (result.tasks["fetch"].attempts, result.tasks["train"].attempts) == (2, 2)


def test_a_resumed_run_has_the_faults_that_it_is_resumed_with_and_no_others(with_faults: Play) -> None:
    with_faults.run("fail:weigh:*")
    assert with_faults.resume("fail:weigh:*").tasks["weigh"].error["code"] == "E465"
    assert with_faults.resume().outputs == {"Output": 8}
    assert with_faults.lines() == ["fetch", "train", "weigh"]


def test_a_fault_of_a_cached_step_has_hit_nothing(with_faults: Play) -> None:
    with_faults.run()
    assert with_faults.run("fail:train").state == "SUCCEEDED"
    assert with_faults.heard.notices[-1] == "the fault 'fail:train' has hit nothing"


@pytest.mark.parametrize(
    ("fault", "hint"),
    [
        ("kill:trian", "did you mean 'train'?"),
        ("lose:modle", "did you mean 'model'?"),
        ("lose:weigh.model", "did you mean 'train.model'?"),
        ("fail:zzz", "as in fail:fetch"),
    ],
)
def test_a_fault_for_nothing_in_the_pipeline_is_refused(with_faults: Play, home: Path, fault: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        with_faults.run(fault)
    assert caught.value.code == "E966" and caught.value.hint == hint and caught.value.expected
    assert not home.exists(), "nothing was written"


def test_what_needs_a_process_is_refused_where_there_is_none(with_faults: Play) -> None:
    for fault in ("kill:train", "oom:train"):
        with pytest.raises(UsageError) as caught:
            with_faults.run(fault, mode="in-process")
        assert caught.value.code == "E967" and "in-process" in caught.value.hint


@pytest.mark.parametrize("kind", ["lose", "corrupt"])
@pytest.mark.parametrize("artifact", ["train.model", pytest.param("fetch.Output", marks=pytest.mark.slow)])
def test_what_a_fault_damages_is_no_other_runs(with_faults: Play, home: Path, kind: str, artifact: str) -> None:
    """Equal content is kept once: the good run's is the very content that the second run makes again."""
    with_faults.run()
    before = {path: path.read_bytes() for path in (home / "store").rglob("*") if path.is_file()}
    spoilt = with_faults.run(f"{kind}:{artifact}", use_cache=False)
    assert spoilt.state == "FAILED" and spoilt.error["code"] == "E420"
    assert {path: path.read_bytes() for path in (home / "store").rglob("*") if path.is_file()} == before
    made = len(with_faults.lines())
    assert with_faults.run().outputs == {"Output": 8} and len(with_faults.lines()) == made, "all are cache hits"


def test_a_fault_for_no_output_of_the_pipeline_is_told_which_there_are(with_faults: Play) -> None:
    with pytest.raises(UsageError) as caught:
        with_faults.run("lose:zzz", flow=limited)
    assert caught.value.hint == "as in lose:fetch.Output"
