"""An engine may be killed at any moment: nothing that had finished is done again, nothing half done is seen."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from milonga.cli.runs_verb import shown_state
from milonga.engine.home import Home
from milonga.lineage import LineageStore, RunRecord
from milonga.testing.crash.evidence import find_damage, look_at
from milonga.testing.crash.ledger import executions
from milonga.testing.crash.plan import Kill, plan_kills
from milonga.testing.crash.site import CrashSite
from milonga.testing.crash.trial import Undisturbed, run_trial, run_undisturbed

FLOW = """
import os, subprocess, time
from pathlib import Path
import milonga as ml
from milonga import Dataset, component, pipeline

@component
def seed(ledger: str, pause_s: float) -> list[int]:
    note(ledger, "seed")
    return [0, 1, 2, 3, 4, 5]

@component
def make(ledger: str, pause_s: float, index: int) -> Dataset:
    subprocess.Popen(["sleep", "60"])
    made = Dataset.create()
    for part in range(4):
        (made.path / f"{part}.bin").write_bytes(bytes([index, part]) * 20_000)
        time.sleep(pause_s / 4)
    note(ledger, f"make {index}")
    return made

@component
def weigh(ledger: str, data: Dataset, index: int) -> int:
    note(ledger, f"weigh {index}")
    return sum(sum(path.read_bytes()) for path in data.path.iterdir())

@component
def add(ledger: str, items: list[int]) -> int:
    note(ledger, "add")
    return sum(items)

def note(ledger, text):
    stream = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(stream, (text + "\\n").encode())
    os.close(stream)

@pipeline
def p(ledger: str, pause_s: float = 0.05) -> int:
    with ml.ParallelFor(seed(ledger, pause_s)) as index:
        weight = weigh(ledger, make(ledger, pause_s, index), index)
    return add(ledger, ml.Collected(weight))
"""
EXPECTED = sum((index + part) * 20_000 for index in range(6) for part in range(4))
ALL_STEPS = {"seed", "add", *(f"{what} {index}" for what in ("make", "weigh") for index in range(6))}


class Site(CrashSite):
    """The flow above in a folder of its own, where its text may be changed between runs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "flow.py:p")
        self.write(FLOW)

    def write(self, text: str) -> None:
        (self.folder / "flow.py").write_text(text)

    def hold(self, *, after: int) -> Path:
        """Every ``make`` beyond index ``after`` waits for the file returned: a loaded machine cannot end the run."""
        gate = self.folder / "gate"
        wait = f"    while index > {after} and not Path({str(gate)!r}).exists(): time.sleep(0.01)\n    made = Dataset"
        self.write(FLOW.replace("    made = Dataset", wait))
        return gate

    def fresh(self, **arguments: Any) -> subprocess.Popen[str]:
        flags = [f"--set={name}={value}" for name, value in {"ledger": self.ledger, **arguments}.items()]
        return self.start("flow.py:p", *flags)

    def here(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """The same in this process, where nobody is killed."""
        from milonga.cli.main import run_command_line

        out, err, path = io.StringIO(), io.StringIO(), list(sys.path)
        with (
            pytest.MonkeyPatch.context() as python,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            python.setattr(sys, "dont_write_bytecode", True)  # the flow may be written again within a second
            target = [str(self.folder / arguments[0])] if arguments[0].startswith("flow.py") else [arguments[0]]
            code = run_command_line(["run", *target, *arguments[1:], "--home", str(self.home), "--json", "-j", "2"])
        sys.path[:] = path
        return code, json.loads(out.getvalue())

    def fresh_here(self) -> tuple[int, dict[str, Any]]:
        return self.here("flow.py:p", f"--set=ledger={self.ledger}", "--set=pause_s=0.01")

    def done(self) -> Counter[str]:
        return executions(self.ledger)

    def finished(self) -> set[str]:
        """The names in the ledger of the steps that are recorded as finished."""
        return set(look_at(self.home, self.ledger).finished)

    def newest_run(self) -> RunRecord:
        store = LineageStore(Home(self.home).database)
        (run,) = store.runs(limit=1)
        store.close()
        return run

    def wait_for_lines(self, count: int, engine: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + 60
        while self.done().total() < count and engine.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def kill_and_check(site: Site, engine: subprocess.Popen[str]) -> tuple[set[str], Counter[str]]:
    """Kill the engine alone; what had finished then, and what had been done."""
    engine.send_signal(signal.SIGKILL)
    engine.communicate(timeout=60)
    assert site.all_gone(), "an orphan is still running"
    assert find_damage(site.home) == []
    return site.finished(), site.done()


def finish_and_check(site: Site, before: set[str], done: Counter[str], *arguments: str) -> None:
    ended = site.wait(site.start(*arguments))
    assert "Traceback" not in ended.messages, ended.messages
    assert ended.succeeded and ended.document["outputs"] == {"Output": EXPECTED}
    now = site.done()
    assert set(now) == ALL_STEPS
    assert {name: now[name] for name in before} == {name: done[name] for name in before}, "a finished step ran again"
    states = {task["state"] for task in ended.document["tasks"].values()}
    assert states == {"SUCCEEDED"}
    assert find_damage(site.home) == []
    assert site.all_gone()


# Kills -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Undisturbed]:
    """How a pipeline runs that nobody kills, measured when it is first asked for."""
    return cache(lambda pipeline: run_undisturbed(pipeline, tmp_path_factory.mktemp(pipeline)))


PLAN = plan_kills(60)
SHARE = [pytest.param(kill, id=str(kill), marks=pytest.mark.slow if kill.number >= 2 else ()) for kill in PLAN]


@pytest.mark.parametrize("kill", SHARE)
def test_a_run_killed_at_any_moment_loses_repeats_and_spoils_nothing(
    kill: Kill, undisturbed: Callable[[str], Undisturbed], tmp_path: Path
) -> None:
    trial = run_trial(kill, undisturbed(kill.pipeline), tmp_path)
    assert trial.hit, "nothing was killed"
    assert trial.faults == ()


@pytest.mark.parametrize(
    "lines", [pytest.param(1, marks=pytest.mark.slow), 6, pytest.param(13, marks=pytest.mark.slow)]
)
def test_a_killed_run_goes_on_where_it_was(site: Site, lines: int) -> None:
    engine = site.fresh()
    site.wait_for_lines(lines, engine)
    before, done = kill_and_check(site, engine)
    finish_and_check(site, before, done, "flow.py:p", "--resume")


@pytest.mark.slow
def test_a_killed_run_goes_on_by_its_id_alone(site: Site) -> None:
    engine = site.fresh()
    site.wait_for_lines(5, engine)
    before, done = kill_and_check(site, engine)
    run = site.newest_run()
    assert shown_state(run, Home(site.home)) == "INTERRUPTED", "nobody works on it any more"
    finish_and_check(site, before, done, "--resume", run.id)


@pytest.mark.slow
def test_a_run_survives_one_kill_after_another(site: Site) -> None:
    engine, before, done = site.fresh(), set(), Counter()
    for kill in range(4):
        site.wait_for_lines(done.total() + 2 + kill, engine)
        earlier = before
        before, done = kill_and_check(site, engine)
        assert earlier <= before, "a finished step was forgotten"
        engine = site.start("flow.py:p", "--resume")
    site.wait_for_lines(done.total() + 1, engine)
    before, done = kill_and_check(site, engine)
    finish_and_check(site, before, done, "flow.py:p", "--resume")


# Other ends of an engine -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_ctrl_c_cancels_a_run_that_can_be_resumed(site: Site) -> None:
    gate = site.hold(after=1)
    engine = site.fresh()
    site.wait_for_lines(3, engine)
    engine.send_signal(signal.SIGINT)
    out, err = engine.communicate(timeout=60)
    document = json.loads(out)
    assert engine.returncode == 1 and document["state"] == "CANCELLED" and document["error"]["code"] == "E439"
    assert "Traceback" not in err and f"milonga run --resume {document['run_id']}" in err
    assert site.all_gone()
    gate.touch()
    before, done = site.finished(), site.done()
    finish_and_check(site, before, done, "--resume", document["run_id"])


def test_a_terminated_engine_takes_everything_with_it(site: Site) -> None:
    gate = site.hold(after=1)
    engine = site.fresh()
    site.wait_for_lines(3, engine)
    engine.terminate()
    engine.communicate(timeout=60)
    assert site.all_gone()
    gate.touch()
    finish_and_check(site, site.finished(), site.done(), "flow.py:p", "--resume")


def test_a_killed_zygote_fails_the_run_and_resume_ends_it(site: Site) -> None:
    gate = site.hold(after=1)
    engine = site.fresh()
    site.wait_for_lines(3, engine)
    (zygote,) = site.zygotes(engine.pid)
    os.kill(zygote, signal.SIGKILL)
    while Path(f"/proc/{zygote}").exists():  # until the engine has seen it; it ends what was forked from it first
        time.sleep(0.01)
    gate.touch()  # for the rest of the loop, in another zygote
    out, err = engine.communicate(timeout=60)
    document = json.loads(out)
    assert engine.returncode == 1 and document["state"] == "FAILED" and "Traceback" not in err
    codes = {task["error"]["code"] for task in document["tasks"].values() if task["kind"] == "step" and "error" in task}
    assert codes == {"E417"}
    assert site.all_gone()
    assert find_damage(site.home) == []
    finish_and_check(site, site.finished(), site.done(), "flow.py:p", "--resume")


def test_a_killed_worker_fails_its_task_only(site: Site) -> None:
    engine = site.fresh(pause_s=0.4)
    site.wait_for_lines(1, engine)
    deadline = time.monotonic() + 30
    while not (workers := site.workers(engine.pid)) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(workers[0], signal.SIGKILL)
    out, _ = engine.communicate(timeout=60)
    document = json.loads(out)
    failed = [task for task in document["tasks"].values() if task["kind"] == "step" and task["state"] == "FAILED"]
    assert [task["error"]["code"] for task in failed] == ["E415"]
    assert engine.returncode == 1 and site.all_gone()
    finish_and_check(site, site.finished(), site.done(), "flow.py:p", "--resume")


# Resume ----------------------------------------------------------------------------------------------------------


def test_a_run_that_goes_on_cannot_be_resumed_twice(site: Site) -> None:
    gate = site.hold(after=-1)
    engine = site.fresh()
    site.wait_for_lines(1, engine)
    (folder,) = (site.home / "runs").iterdir()
    written = (folder / "pipeline.yaml").read_bytes()
    site.write(FLOW)
    code, document = site.here("flow.py:p", "--resume")
    assert code == 1 and document["error"]["code"] == "E438"
    assert (folder / "pipeline.yaml").read_bytes() == written
    gate.touch()
    out, _ = engine.communicate(timeout=60)
    assert engine.returncode == 0 and json.loads(out)["outputs"] == {"Output": EXPECTED}


def test_resume_keeps_what_is_unchanged_after_a_repair(site: Site) -> None:
    site.write(FLOW.replace("return sum(items)", "return sum(items) // 0"))
    code, document = site.fresh_here()
    assert code == 1 and "ZeroDivisionError" in document["error"]["message"]
    before, done = site.finished(), site.done()
    assert before == ALL_STEPS - {"add"}
    site.write(FLOW)
    finish_and_check(site, before, done, "flow.py:p", "--resume")
    assert site.done()["add"] == 2


def test_resume_repeats_what_was_changed_and_what_hangs_on_it(site: Site) -> None:
    site.fresh_here()
    site.write(FLOW.replace("return [0, 1, 2, 3, 4, 5]", "return [0, 1, 2, 3, 4, 6]"))
    code, document = site.here("flow.py:p", "--resume")
    now = site.done()
    assert code == 0 and document["outputs"]["Output"] == EXPECTED + 4 * 20_000
    assert now["seed"] == 2 and now["make 4"] == 1 and now["make 6"] == 1 and now["add"] == 2


def test_resume_does_not_show_tasks_of_the_old_pipeline(site: Site) -> None:
    site.write(FLOW.replace("return sum(items)", "return sum(items) // 0"))
    site.fresh_here()
    site.write(FLOW.replace("def add(", "def add_up(").replace("return add(", "return add_up("))
    code, document = site.here("flow.py:p", "--resume")
    assert code == 0 and "add-up" in document["tasks"] and "add" not in document["tasks"]


def test_resume_repeats_a_step_whose_content_was_lost(site: Site) -> None:
    site.write(FLOW.replace("return sum(items)", "return sum(items) // 0"))
    site.fresh_here()
    made = look_at(site.home, site.ledger).finished["make 2"]
    victim = next(Path(made.output_artifacts["Output"].uri).iterdir())
    victim.chmod(0o644)
    victim.write_bytes(b"forged")
    site.write(FLOW)
    code, document = site.here("flow.py:p", "--resume")
    now = site.done()
    assert code == 0 and document["outputs"] == {"Output": EXPECTED}
    assert now["make 2"] == 2 and now["make 1"] == 1 and now["weigh 2"] == 1


def test_resume_refuses_other_arguments_and_unknown_runs(site: Site) -> None:
    _, document = site.fresh_here()
    run_id = document["run_id"]
    code, document = site.here("flow.py:p", "--resume", run_id, "--set", "pause_s=0.5")
    assert code == 2 and document["error"]["code"] == "E906"
    code, document = site.here("--resume", "19990101-000000-abcdef")
    assert code == 2 and document["error"]["code"] == "E905"
    code, document = site.here("flow.py:p", "--resume", run_id)
    assert code == 0 and document["run_id"] == run_id and site.done()["seed"] == 1


def test_resume_refuses_a_run_of_another_pipeline(site: Site) -> None:
    _, document = site.fresh_here()
    run_id = document["run_id"]
    site.write(FLOW.replace("def p(", "def another("))
    code, document = site.here("flow.py:another", "--resume", run_id)
    assert code == 2 and document["error"]["code"] == "E905" and "'p'" in document["error"]["got"]
