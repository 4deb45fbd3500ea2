"""A clock that jumps: records carry its times, but order, durations, pauses and limits go by one that does not."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from engine_bench import Bench

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


JUMPING = """
    import itertools, random, sys, time
    sys.argv[0] = "milonga"
    real, chance = time.time, random.Random(7)

    def jumping():
        "Every look at the wall clock is days away from the one before."
        return real() + chance.uniform({low}, {high})

    time.time = jumping
    from milonga.cli.main import main
    main()
"""
FLOW = """
import time
import milonga as ml
from milonga import component, pipeline

@component
def wait(seconds: float) -> float:
    time.sleep(seconds)
    return seconds

@component
def flaky(path: str) -> int:
    import os
    if not os.path.exists(path):
        open(path, "w").close()
        raise ValueError("once")
    return 1

@component
def last(first: float, second: int) -> float:
    return first + second

@pipeline
def p(ledger: str, late: float = 0.3) -> float:
    return last(wait.options(timeout_s=30)(late), flaky.options(retries=1, backoff_s=0.2)(ledger))
"""
WEEK_S = 7 * 24 * 3600


@pytest.mark.parametrize(("low", "high"), [(-WEEK_S, WEEK_S), (-WEEK_S, -1), (1, WEEK_S)], ids=["any", "back", "forth"])
def test_a_run_under_a_clock_that_jumps_at_every_look(bench: Bench, tmp_path: Path, low: int, high: int) -> None:
    bench.flow = FLOW
    bench.write()
    program = tmp_path / "jumping.py"
    program.write_text(textwrap.dedent(JUMPING.format(low=low, high=high)))
    ended = bench.end(_start(bench, program, "run", "flow.py:p", f"--set=ledger={tmp_path / 'once'}"))
    assert (ended.code, ended.result["outputs"]) == (0, {"Output": 1.3}), ended.err
    for task in ended.result["tasks"].values():
        assert 0 <= task["ended_at"] - task["started_at"] < 60, task
    assert ended.result["tasks"]["wait"]["ended_at"] - ended.result["tasks"]["wait"]["started_at"] >= 0.3
    assert ended.result["tasks"]["flaky"]["attempts"] == 2
    again = bench.end(_start(bench, program, "run", "flow.py:p", f"--set=ledger={tmp_path / 'once'}"))
    assert again.code == 0 and all(task["cached"] for task in again.result["tasks"].values() if task["kind"] == "step")
    resumed = bench.end(_start(bench, program, "run", "--resume", again.result["run_id"]))
    assert resumed.code == 0 and resumed.result["outputs"] == {"Output": 1.3}
    assert bench.verb("runs").code == bench.verb("show", again.result["run_id"]).code == 0


def _start(bench: Bench, program: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(program), *words, "--json"],
        cwd=bench.folder,
        env=bench.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_time_limit_holds_under_a_clock_that_jumps(bench: Bench, tmp_path: Path) -> None:
    bench.flow = FLOW.replace("timeout_s=30", "timeout_s=1")
    bench.write()
    program = tmp_path / "jumping.py"
    program.write_text(textwrap.dedent(JUMPING.format(low=-WEEK_S, high=WEEK_S)))
    (tmp_path / "once").touch()
    words = ["run", "flow.py:p", f"--set=ledger={tmp_path / 'once'}", "--set=late=60"]
    ended = bench.end(_start(bench, program, *words))
    assert (ended.code, ended.error["code"]) == (1, "E419")
