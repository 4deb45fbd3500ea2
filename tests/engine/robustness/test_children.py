"""Nothing that a task starts outlives it: not in a session of its own, not deaf to SIGTERM, not as an orphan."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from engine_bench import Bench, wait_for

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


DAEMON = """
import signal, sys, time
first = os.fork()
if first == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.closerange(0, 100)
        open({there!r}, "w").write(str(os.getpid()))
        time.sleep(300)
    os._exit(0)
os.waitpid(first, 0)
while not os.path.exists({there!r}): time.sleep(0.01)
"""


@pytest.fixture
def daemon(tmp_path: Path) -> str:
    """A program that starts a daemon, as daemons are started, and goes on when it is there."""
    return DAEMON.format(there=str(tmp_path / "there"))


def test_a_daemon_ends_with_its_task(bench: Bench, daemon: str, tmp_path: Path) -> None:
    assert bench.run(script=daemon).code == 0
    assert wait_for(tmp_path / "there") and bench.all_gone()


def test_a_daemon_lives_as_long_as_its_task(bench: Bench, daemon: str, tmp_path: Path) -> None:
    """The end of another task does not end it."""
    script = daemon + f"\ntime.sleep(0.5); os.kill(int(open({str(tmp_path / 'there')!r}).read()), 0)"
    assert bench.run("-j", "2", script=script).code == 0 and bench.all_gone()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_daemon_ends_with_the_engine(bench: Bench, daemon: str, tmp_path: Path, number: int) -> None:
    engine = bench.start_run(script=daemon + "\ntime.sleep(300)")
    wait_for(tmp_path / "there")
    engine.send_signal(number)
    engine.communicate(timeout=60)
    assert bench.all_gone()


def test_a_daemon_ends_when_the_warm_process_is_killed(bench: Bench, daemon: str, tmp_path: Path) -> None:
    engine = bench.start_run(
        script=daemon + f"\nopen({str(tmp_path / 'parent')!r}, 'w').write(str(os.getppid()))\ntime.sleep(300)"
    )
    os.kill(int(wait_for(tmp_path / "parent")), signal.SIGKILL)
    ended = bench.end(engine)
    assert (ended.code, ended.error["code"]) == (1, "E417")
    assert bench.all_gone()


def test_a_daemon_ends_when_its_task_is_killed(bench: Bench, daemon: str, tmp_path: Path) -> None:
    ended = bench.run(script=daemon + "\nos.kill(os.getpid(), signal.SIGKILL)")
    assert (ended.code, ended.error["code"]) == (1, "E415")
    assert wait_for(tmp_path / "there") and bench.all_gone()


def test_a_task_that_is_deaf_to_everything_ends_at_its_time_limit(bench: Bench) -> None:
    bench.flow = bench.flow.replace("act(ledger, make", "act.options(timeout_s=1)(ledger, make")
    bench.write()
    script = """
import signal, time
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_IGN)
time.sleep(300)
"""
    ended = bench.run(script=script)
    assert (ended.code, ended.error["code"]) == (1, "E419") and bench.all_gone()


def test_a_hundred_orphans_end(bench: Bench) -> None:
    script = "import subprocess\nfor _ in range(100): subprocess.Popen(['sleep', '300'], start_new_session=True)"
    assert bench.run(script=script).code == 0 and bench.all_gone()
