"""Ctrl-C, SIGTERM, a closed terminal: the run is recorded as cancelled, everything below it ends, resume goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from engine_bench import Bench, wait_for

WAITING = """
import subprocess, time
open({there!r}, "w").write("here")
subprocess.Popen(["sleep", "300"])
while not os.path.exists({gate!r}): time.sleep(0.01)
"""


def waiting(tmp_path: Path) -> str:
    return WAITING.format(there=str(tmp_path / "there"), gate=str(tmp_path / "gate"))


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGINT, "interrupted"),
        pytest.param(signal.SIGTERM, "terminated", marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, "its terminal is gone", marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_a_run_that_can_be_resumed(bench: Bench, tmp_path: Path, number: int, said: str) -> None:
    engine = bench.start_run(script=waiting(tmp_path))
    wait_for(tmp_path / "there")
    engine.send_signal(number)
    ended = bench.end(engine)
    assert (ended.code, ended.result["state"]) == (1, "CANCELLED")
    assert (ended.error["code"], ended.error["message"]) == ("E439", said)
    assert bench.all_gone()
    run, tasks = bench.rows()
    assert run.state == "CANCELLED" and tasks["make"].state == "SUCCEEDED" and tasks["act"].state == "CANCELLED"
    (tmp_path / "gate").touch()
    again = bench.resume()
    assert again.code == 0 and sorted(bench.lines()) == ["act", "make", "weigh"]
    assert bench.all_gone()


def test_an_impatient_user_gets_the_same(bench: Bench, tmp_path: Path) -> None:
    engine = bench.start_run(script=waiting(tmp_path))
    wait_for(tmp_path / "there")
    while engine.poll() is None:
        engine.send_signal(signal.SIGINT)
        time.sleep(0.003)
    ended = bench.end(engine)
    assert ended.code in (1, -signal.SIGINT) and bench.all_gone()
    run, _ = bench.rows()
    (tmp_path / "gate").touch()
    again = bench.end(bench.start("run", "--resume", run.id))
    assert again.code == 0 and sorted(bench.lines()) == ["act", "make", "weigh"]


@pytest.mark.slow
def test_a_run_in_this_process_is_interrupted_in_the_authors_code(bench: Bench, tmp_path: Path) -> None:
    engine = bench.start_run("--in-process", script=waiting(tmp_path).replace("subprocess.Popen", "str"))
    wait_for(tmp_path / "there")
    engine.send_signal(signal.SIGTERM)
    ended = bench.end(engine)
    assert (ended.code, ended.result["state"], ended.error["message"]) == (1, "CANCELLED", "terminated")
    (tmp_path / "gate").touch()
    again = bench.resume()
    assert again.code == 0 and sorted(bench.lines()) == ["act", "make", "weigh"]


def test_nohup_keeps_a_run_alive_when_the_terminal_goes(bench: Bench, tmp_path: Path) -> None:
    flags = [f"--set=ledger={bench.ledger}", f"--set=script={waiting(tmp_path)}"]
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a child inherits that
    try:
        engine = bench.start("run", "flow.py:p", *flags, restore_signals=False)
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_for(tmp_path / "there")
    engine.send_signal(signal.SIGHUP)
    (tmp_path / "gate").touch()
    assert bench.end(engine).code == 0


def test_a_terminal_that_cannot_be_written_any_more_does_not_end_a_run(bench: Bench, tmp_path: Path) -> None:
    engine = bench.start_run(script=waiting(tmp_path))
    wait_for(tmp_path / "there")
    assert engine.stderr is not None
    engine.stderr.close()
    (tmp_path / "gate").touch()
    assert engine.wait(timeout=60) == 0
    engine.stderr = None
    run, _ = bench.rows()
    assert run.state == "SUCCEEDED"
    assert engine.stdout is not None
    engine.stdout.close()


IN_THREAD = """
    import os, signal, sys, threading
    import milonga as ml
    from milonga.engine.progress import Silent
    sys.path.insert(0, sys.argv[1])
    from flow import p

    results = []

    def work():
        arguments = {"ledger": sys.argv[1] + "/ledger.txt"}
        results.append(ml.run(p, arguments, home=sys.argv[1] + "/home", progress=Silent()))

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    work()
    assert [result.state for result in results] == ["SUCCEEDED"] * 3, results
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
"""


def test_an_engine_runs_in_any_thread_and_leaves_the_handlers_of_signals_as_they_were(bench: Bench) -> None:
    program = bench.folder / "threads.py"
    program.write_text(textwrap.dedent(IN_THREAD))
    done = subprocess.run(
        [sys.executable, str(program), str(bench.folder)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
