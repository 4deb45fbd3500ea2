"""The harness that kills runs finds what is wrong: each of its counts can be more than nothing."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from milonga.engine.home import Home
from milonga.testing.crash.evidence import find_damage, label_of, look_at
from milonga.testing.crash.ledger import executions, note
from milonga.testing.crash.pipelines import PIPELINES
from milonga.testing.crash.plan import TARGETS, Kill, plan_kills
from milonga.testing.crash.site import CrashSite
from milonga.testing.crash.trial import Undisturbed, run_trial, run_undisturbed

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Undisturbed]:
    """A run of the pipeline with artifacts that nobody disturbed; not to be changed."""
    folder = tmp_path_factory.mktemp("contents")
    return folder, run_undisturbed("contents", folder)


@pytest.fixture
def home(done: tuple[Path, Undisturbed], tmp_path: Path) -> Path:
    """A copy of its state folder; the records in it name the content of the original."""
    return shutil.copytree(done[0] / "home", tmp_path / "home", symlinks=True)


# The plan --------------------------------------------------------------------------------------------------------


def test_a_plan_is_the_same_for_the_same_seed_and_another_for_another():
    assert plan_kills(200) == plan_kills(200)
    assert plan_kills(40) == plan_kills(200)[:40]
    assert [kill.at for kill in plan_kills(5, seed=1)] != [kill.at for kill in plan_kills(5)]


def test_twenty_kills_hit_every_pipeline_in_every_way():
    kills = plan_kills(20)
    assert {(kill.pipeline, kill.target) for kill in kills} == {(it, target) for it in PIPELINES for target in TARGETS}


def test_kills_are_spread_over_the_whole_run():
    moments = [kill.at for kill in plan_kills(200)]
    assert all(0 <= at < 1 for at in moments)
    assert all(any(low <= at < low + 0.1 for at in moments) for low in (0, 0.1, 0.3, 0.5, 0.7, 0.9))


# Evidence --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "label"),
    [("add", "add"), ("for-loop-1[2]/make", "make 2"), ("for-loop-1[2]/condition-3/for-loop-4[10]/cell", "cell 2 10")],
)
def test_a_step_is_named_by_its_name_and_the_indices_around_it(path: str, label: str):
    assert label_of(path) == label


def test_the_ledger_counts_executions(tmp_path: Path):
    ledger = tmp_path / "ledger"
    assert executions(ledger) == {}
    for label in ("make 1", "add", "make 1"):
        note(str(ledger), label)
    assert executions(ledger) == {"make 1": 2, "add": 1}


def test_before_the_first_run_there_is_nothing_to_see(tmp_path: Path):
    evidence = look_at(tmp_path / "home", tmp_path / "ledger")
    assert (evidence.state, evidence.finished, evidence.executions) == ("", {}, {})
    assert find_damage(tmp_path / "home") == []


def test_an_undisturbed_run_is_seen_whole(done: tuple[Path, Undisturbed]):
    folder, undisturbed = done
    evidence = look_at(folder / "home", folder / "ledger")
    assert evidence.state == "SUCCEEDED"
    assert set(evidence.finished) == undisturbed.labels == set(evidence.executions)
    assert set(evidence.executions.values()) == {1}
    assert {"make 0", "fit 5", "weigh 3", "pack", "add"} <= undisturbed.labels
    assert find_damage(folder / "home") == []


def test_changed_content_is_damage(home: Path):
    victim = next(path for path in Home(home).content.rglob("*") if path.is_file())
    victim.chmod(0o644)
    victim.write_bytes(b"forged")
    assert any("is not what was recorded" in line for line in find_damage(home))


def test_missing_content_is_damage(tmp_path: Path):
    site = CrashSite(tmp_path, "contents")
    assert site.wait(site.start()).succeeded
    Home(site.home).content.rename(tmp_path / "elsewhere")
    assert any("cannot be read" in line for line in find_damage(site.home))


def test_half_a_row_is_damage(home: Path):
    connection = sqlite3.connect(Home(home).database)
    connection.execute("UPDATE tasks SET outputs = substr(outputs, 1, 5) WHERE path = 'add'")
    connection.commit()
    connection.close()
    assert any("tasks" in line or "cannot be read" in line for line in find_damage(home))


def test_a_damaged_database_is_damage(home: Path):
    database = Home(home).database
    content = bytearray(database.read_bytes())
    content[4096 : 4096 * 3] = b"\xff" * (4096 * 2)
    database.write_bytes(content)
    assert find_damage(home)


# Trials ----------------------------------------------------------------------------------------------------------


class PatientSite(CrashSite):
    """Hands a new run over when five of its steps have been done."""

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        engine = super().start(*arguments)
        while not arguments and executions(self.ledger).total() < 5 and engine.poll() is None:
            time.sleep(0.005)
        return engine


class ForgetfulSite(PatientSite):
    """An engine that begins from the beginning when it should go on."""

    def resume(self) -> subprocess.Popen[str]:
        return self.start()


class ObliviousSite(PatientSite):
    """An engine that forgets a finished step when it goes on."""

    def resume(self) -> subprocess.Popen[str]:
        connection = sqlite3.connect(Home(self.home).database)
        connection.execute("UPDATE tasks SET state = 'RUNNING' WHERE path = 'step-1'")
        connection.commit()
        connection.close()
        return super().resume()


class StubbornSite(PatientSite):
    """An engine that never gets a run to its end."""

    def resume(self) -> subprocess.Popen[str]:
        return self.start("--resume", "19990101-000000-abcdef")


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return run_undisturbed("linear", tmp_path_factory.mktemp("linear"))


AFTER_FIVE_STEPS = Kill(0, "linear", "engine", 0.0, 0)


def test_a_run_that_starts_again_repeats(linear: Undisturbed, tmp_path: Path):
    trial = run_trial(AFTER_FIVE_STEPS, linear, tmp_path, ForgetfulSite)
    assert (trial.hit, trial.lost, trial.corrupt, trial.orphans) == (1, (), (), ())
    assert any(line.startswith("step-1: 1 execution(s), then 2") for line in trial.repeated)


def test_one_forgotten_step_is_one_repetition(linear: Undisturbed, tmp_path: Path):
    trial = run_trial(AFTER_FIVE_STEPS, linear, tmp_path, ObliviousSite)
    assert [line.partition(":")[0] for line in trial.repeated] == ["step-1"]


def test_a_run_that_does_not_end_is_lost(linear: Undisturbed, tmp_path: Path):
    trial = run_trial(AFTER_FIVE_STEPS, linear, tmp_path, StubbornSite)
    assert any("the resumed run ended with 2" in line for line in trial.lost)
    assert all(line.startswith("lost: ") for line in trial.faults)


def test_a_run_whose_result_differs_is_lost(linear: Undisturbed, tmp_path: Path):
    other = Undisturbed(linear.wall_s, {"Output": 21}, linear.labels | {"step-21"})
    trial = run_trial(AFTER_FIVE_STEPS, other, tmp_path, PatientSite)
    assert sorted(trial.lost) == ["step-21 is not recorded", "step-21 was not done", "the outputs are {'Output': 20}"]


@pytest.mark.parametrize("target", TARGETS)
def test_each_kind_of_kill_hits(linear: Undisturbed, tmp_path: Path, target: str):
    trial = run_trial(Kill(0, "linear", target, 0.6, 3), linear, tmp_path)  # type: ignore[arg-type]
    assert trial.hit >= 1
    assert trial.faults == ()


@pytest.mark.slow
def test_a_kill_that_would_come_too_late_comes_earlier(linear: Undisturbed, tmp_path: Path):
    slower = Undisturbed(linear.wall_s * 2, linear.outputs, linear.labels)
    trial = run_trial(Kill(0, "linear", "engine", 0.9, 0), slower, tmp_path)
    assert (trial.hit, trial.faults) == (1, ())
    assert len(list(tmp_path.iterdir())) > 1
