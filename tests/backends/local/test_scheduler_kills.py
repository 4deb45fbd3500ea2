"""The real scheduler process, killed at any moment: nothing is lost, nothing runs twice."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from real_scheduler import RealScheduler, engine_process, kill_group

from milonga.backends.local.places import Places
from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.running.presence import is_present

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


@pytest.mark.parametrize("seed", range(5))
def test_a_scheduler_that_is_killed_all_the_time_loses_and_doubles_nothing(real: RealScheduler, seed: int) -> None:
    chance, owed = random.Random(seed), 24
    real.owe(owed, at_once=1 + seed)
    for _ in range(20):
        process = real.start()
        real.wait_for(lambda: is_present(Places(real.home)))
        time.sleep(chance.uniform(0.0, 0.6))
        real.kill(process)
    real.start()
    real.wait_for(lambda: real.all_ended(owed))
    real.require_exactly_once(owed)


def test_schedulers_side_by_side_double_nothing(real: RealScheduler) -> None:
    real.owe(12, at_once=4)
    for _ in range(3):
        real.start()
    real.wait_for(lambda: real.all_ended(12))
    real.require_exactly_once(12)


def test_a_run_goes_on_when_its_scheduler_is_killed_and_counts_in_the_next_one(real: RealScheduler) -> None:
    real.owe(2, at_once=1, seconds=1.5)
    process = real.start()
    real.wait_for(lambda: bool(real.firings() and real.firings()[0].run_id))
    real.kill(process)
    real.start()
    real.wait_for(lambda: bool(real.firings()[0].has_ended))
    assert real.firings()[0].launches == 1 and len(real.firings()) <= 2
    real.wait_for(lambda: real.all_ended(2))
    real.require_exactly_once(2)


def test_a_run_whose_process_dies_with_the_machine_is_resumed(real: RealScheduler) -> None:
    real.owe(1, seconds=2)
    process = real.start()
    real.wait_for(lambda: bool(real.firings() and real.firings()[0].run_id))
    run_id = real.firings()[0].run_id
    real.wait_for(lambda: (real.home.run(run_id) / "lock").exists())
    real.kill(process)
    kill_group(engine_process(real.home, run_id))
    real.wait_for(lambda: real.backend.status(run_id).state == "FAILED")  # not RUNNING: nobody works on it
    real.start()
    real.wait_for(lambda: real.all_ended(1))
    (firing,) = real.firings()
    assert firing.state == "SUCCEEDED" and firing.run_id == run_id and firing.launches == 2
    assert len(real.runs()) == 1 and real.lines() == ["ran"]


def test_a_process_that_dies_before_it_has_noted_its_run_finds_it_again(real: RealScheduler) -> None:
    """The run is in the store and its firing does not know: the worst moment of all."""
    real.owe(1)
    process = real.start()
    real.wait_for(lambda: real.all_ended(1))
    real.kill(process)
    run_id = real.firings()[0].run_id
    with ScheduleDatabase(Places(real.home).database) as database:
        database.execute("UPDATE firings SET state = 'RUNNING', run_id = '', ended_at = NULL")
    real.start()
    real.wait_for(lambda: real.all_ended(1))
    assert real.firings()[0].run_id == run_id
    real.require_exactly_once(1)


def test_a_process_that_always_dies_is_given_up(real: RealScheduler) -> None:
    real.owe(1)
    with ScheduleDatabase(Places(real.home).database) as database:
        database.execute("UPDATE pipelines SET text = ''")  # what it would run does not matter
    process = real.start()
    real.wait_for(lambda: bool(real.firings() and real.firings()[0].has_ended))
    real.kill(process)
    with ScheduleDatabase(Places(real.home).database) as database:
        database.execute("UPDATE firings SET state = 'RUNNING', launches = 5, ended_at = NULL")
    real.start()
    real.wait_for(lambda: real.all_ended(1))
    (firing,) = real.firings()
    assert firing.state == "FAILED" and firing.error["code"] == "E471"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_scheduler_ends_when_it_is_asked_to(real: RealScheduler, number: signal.Signals) -> None:
    process = real.start("--port", "0")
    real.wait_for(lambda: is_present(Places(real.home)))
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0 and "Traceback" not in said and "hooks: http://127.0.0.1:" in said
    assert not is_present(Places(real.home))


def test_a_run_that_ends_with_its_machine_is_left_open_and_goes_on_later(real: RealScheduler) -> None:
    """SIGTERM reaches every process when a machine is shut down; nobody asked for the end of this run."""
    real.owe(1, seconds=2)
    process = real.start()
    real.wait_for(lambda: bool(real.firings() and real.firings()[0].run_id))
    run_id = real.firings()[0].run_id
    real.wait_for(lambda: (real.home.run(run_id) / "lock").exists())
    real.kill(process)
    os.kill(engine_process(real.home, run_id), signal.SIGTERM)
    real.wait_for(lambda: real.backend.status(run_id).ended)
    assert not real.firings()[0].has_ended
    real.start()
    real.wait_for(lambda: real.all_ended(1))
    real.require_exactly_once(1)
