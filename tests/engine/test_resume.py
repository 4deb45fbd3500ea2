"""Going on with a run: what is kept, what is done again, and what never gets lost on the way."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import milonga as ml
from milonga import ExitHandler, Model, component, pipeline
from milonga.engine.progress import Silent
from milonga.engine.run_folder import pipeline_file

PROGRAM = """
import os
from pathlib import Path
from milonga import component, pipeline

@component(cache=False)
def first(folder: str) -> str:
    return "first"

@component(cache=False)
def second(text: str, folder: str) -> str:
    return "{version}"

@component(cache=False)
def third(text: str, folder: str) -> str:
    import time
    from pathlib import Path
    if not Path(folder, "good").exists():
        raise RuntimeError("not yet")
    if not Path(folder, "quick").exists():
        time.sleep(60)
    return text

@pipeline
def job(folder: str) -> str:
    return third(second(first(folder), folder), folder)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MILONGA_HOME", str(tmp_path / "home"))
    (tmp_path / "job.py").write_text(PROGRAM.replace("{version}", "old"))
    return tmp_path


def milonga(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "milonga.cli", *arguments]
    return subprocess.Popen(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.slow
def test_an_interrupted_resume_does_not_make_old_results_count_for_new_code(project: Path) -> None:
    """The run's row names the new pipeline as soon as it goes on; its finished tasks are still those of the old one."""
    began = milonga(project, "run", "job.py", "--folder", str(project))
    began.communicate(timeout=60)
    assert began.returncode == 1
    (project / "job.py").write_text(PROGRAM.replace("{version}", "new"))
    (project / "good").touch()
    interrupted = milonga(project, "run", "job.py", "--resume")
    time.sleep(0.2)
    interrupted.send_signal(signal.SIGINT)
    interrupted.communicate(timeout=60)
    (project / "quick").touch()
    ended = milonga(project, "run", "job.py", "--resume", "--json")
    output, errors = ended.communicate(timeout=60)
    assert ended.returncode == 0 and '"Output": "new"' in output, errors


@component(secrets={"TOKEN": "registry/token"})
def fetch(ledger: str) -> int:
    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write("fetch\n")
    return 3


@component(cache=False)
def train(rows: int, ledger: str) -> int:
    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write("train\n")
    return rows


@component
def publish(rows: int, ledger: str) -> int:
    from pathlib import Path

    if not Path(ledger + ".ready").exists():
        raise RuntimeError("not yet")
    return rows


@pipeline
def with_secret(ledger: str) -> int:
    return publish(train(fetch(ledger), ledger), ledger)


def test_finished_steps_need_nothing_to_be_kept(play, ledger: Path, lines_of) -> None:
    """Neither the secret of a step that is done, nor its image or its packages: it does not run."""
    failed = play(with_secret, {"ledger": str(ledger)}, secrets={"registry": {"token": "x"}})
    assert failed.state == "FAILED"
    Path(f"{ledger}.ready").touch()
    resumed = play(with_secret, None, resume=failed.run_id)
    assert resumed.succeeded and lines_of() == ["fetch", "train"]


def test_a_step_that_cannot_be_started_again_does_not_lose_what_it_made(play, home: Path, ledger: Path, lines_of):
    """Its content is gone, so it has to run, and its secret is missing: the record of its success stays."""
    failed = play(with_secret, {"ledger": str(ledger)}, secrets={"registry": {"token": "x"}})
    from milonga.lineage import LineageStore

    changed = play(with_secret, None, resume=failed.run_id)  # still fails at publish
    assert changed.state == "FAILED"
    store = LineageStore(home / "lineage.sqlite")
    states = {task.path: task.state for task in store.tasks(failed.run_id)}
    store.close()
    assert states == {"fetch": "SUCCEEDED", "train": "SUCCEEDED", "publish": "FAILED"}


@component(cache=False)
def work(ledger: str) -> int:
    from pathlib import Path

    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write("work\n")
    if not Path(ledger + ".ready").exists():
        raise RuntimeError("not yet")
    return 1


@component
def tear_down(ledger: str) -> int:
    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write("tear down\n")
    return 1


@pipeline
def guarded(ledger: str) -> None:
    with ExitHandler(tear_down, ledger):
        work(ledger)


def test_an_exit_task_runs_again_when_the_work_inside_has_run_again(play, ledger: Path, lines_of) -> None:
    failed = play(guarded, {"ledger": str(ledger)})
    assert failed.state == "FAILED" and lines_of() == ["work", "tear down"]
    Path(f"{ledger}.ready").touch()
    assert play(guarded, None, resume=failed.run_id).succeeded
    assert lines_of() == ["work", "tear down", "work", "tear down"]
    assert play(guarded, None, resume=failed.run_id).succeeded
    assert len(lines_of()) == 4  # nothing has been done, so there is nothing to clean up


def test_a_run_without_the_cache_goes_on_without_it(play, ledger: Path, lines_of) -> None:
    play(with_secret, {"ledger": str(ledger)}, secrets={"registry": {"token": "x"}})
    again = play(with_secret, {"ledger": str(ledger)}, secrets={"registry": {"token": "x"}}, cache=False)
    assert again.state == "FAILED" and lines_of().count("fetch") == 2
    Path(f"{ledger}.ready").touch()
    resumed = play(with_secret, None, resume=again.run_id)
    assert resumed.succeeded and not any(task.cached for task in resumed.tasks.values())


@component
def make() -> Model:
    model = Model.create_file()
    model.write_text("weights")
    return model


@pipeline
def made() -> Model:
    return make()


def test_a_run_whose_result_is_gone_has_not_succeeded(play) -> None:
    result = play(made, inject=["lose:make.Output"])
    assert result.state == "FAILED" and result.run.error["code"] == "E420"
    assert "the output 'Output'" in result.run.error["message"]
    assert play(made, None, resume=result.run_id).succeeded


def test_the_pipeline_of_a_run_is_written_again_when_it_is_another_one(play, ledger: Path) -> None:
    failed = play(guarded, {"ledger": str(ledger)})
    file = pipeline_file(failed.folder)
    text, before = file.read_bytes(), file.stat()
    play(guarded, None, resume=failed.run_id)
    assert file.stat().st_ino == before.st_ino and file.read_bytes() == text, "it is there already"
    file.write_text("{", "utf-8")
    play(guarded, None, resume=failed.run_id)
    assert file.read_bytes() == text, "it was damaged"
    file.unlink()
    play(guarded, None, resume=failed.run_id)
    assert file.read_bytes() == text, "it was gone"


def test_a_run_may_be_named_as_everywhere_else(play, ledger: Path) -> None:
    failed = play(guarded, {"ledger": str(ledger)})
    assert play(guarded, None, resume="last").run_id == failed.run_id
    assert play(guarded, None, resume=failed.run_id[:18]).run_id == failed.run_id
    with pytest.raises(ml.MilongaError, match="E905"):
        ml.run(guarded, resume="nothing", progress=Silent())


@component(timeout_s=1, memory="64Mi")
def limited(number: int) -> int:
    return number


@pipeline
def with_limits(number: int) -> int:
    return limited(number)


def test_what_ran_without_its_limits_is_no_result_for_others(play, capsys: pytest.CaptureFixture[str]) -> None:
    from milonga.engine.progress import LineProgress

    assert play(with_limits, {"number": 1}, mode="in-process", progress=LineProgress()).succeeded
    assert "limits that are not kept" in capsys.readouterr().err
    assert not play(with_limits, {"number": 1}).tasks["limited"].cached
