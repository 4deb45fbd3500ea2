"""Content that is deleted or spoilt is never handed to a task as if it were what was recorded, and is made again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_bench import Bench


def spoil(path: Path) -> None:
    """Other bytes, same length, same times."""
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(b"z" * before.st_size)
    path.chmod(before.st_mode)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def cut(path: Path) -> None:
    path.chmod(0o644)
    os.truncate(path, 10)


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILING = [Path.unlink, spoil, cut, make_folder]


@pytest.mark.parametrize("harm", SPOILING)
def test_between_two_tasks_of_a_run(bench: Bench, harm: Callable[[Path], None], tmp_path: Path) -> None:
    """While a task runs, the content of its own input, which another task needs too, goes bad."""
    go, there = tmp_path / "go", tmp_path / "there"
    script = f"""
import time
open({str(there)!r}, "w").write(str(data.path))
while not os.path.exists({str(go)!r}): time.sleep(0.01)
"""
    bench.flow = bench.flow.replace("weigh(ledger, act(ledger, make(ledger, size), script))", "pair(ledger, size, script)")
    bench.flow += """
@component
def both(ledger: str, first: Dataset, second: Dataset) -> int:
    note(ledger, "both")
    return first.path.stat().st_size + second.path.stat().st_size

@pipeline
def p(ledger: str, size: int = 1000, script: str = "") -> int:
    made = make(ledger, size)
    return both(ledger, made, act(ledger, made, script))
"""
    bench.flow = bench.flow.replace("pair(ledger, size, script)", "0")
    bench.__post_init__()
    from engine_bench import wait_for

    engine = bench.start_run(script=script)
    harm(Path(wait_for(there)))
    go.touch()
    ended = bench.end(engine)
    _, tasks = bench.rows()
    failed = [task for task in tasks.values() if task.state == "FAILED" and task.kind == "step"]
    assert ended.code == 1 and "both" not in bench.lines()
    assert failed[0].path in ("act", "both")  # `act` itself may have met with it
    if failed[0].path == "both":
        assert failed[0].error["code"] == "E420" and "'first'" in failed[0].error["message"]
        assert f"milonga run --resume {ended.result['run_id']}" in failed[0].error["hint"]
    again = bench.resume()
    assert (again.code, again.result["outputs"]) == (0, {"Output": 2001}), again.err
    assert bench.lines().count("make") == 2


@pytest.mark.parametrize("harm", SPOILING)
def test_between_run_and_resume(bench: Bench, harm: Callable[[Path], None], tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = bench.run(script=f"assert os.path.exists({str(gate)!r}), 'not yet'")
    assert first.code == 1
    _, tasks = bench.rows()
    harm(Path(tasks["make"].output_artifacts["Output"].uri))
    gate.touch()
    again = bench.resume()
    assert (again.code, again.result["outputs"]) == (0, {"Output": 1001}), again.err
    assert bench.lines().count("make") == 2 and bench.lines().count("weigh") == 1


@pytest.mark.parametrize("harm", SPOILING)
def test_between_run_and_cache_hit(bench: Bench, harm: Callable[[Path], None]) -> None:
    bench.run()
    _, tasks = bench.rows()
    harm(Path(tasks["act"].output_artifacts["Output"].uri))
    again = bench.run()
    assert (again.code, again.result["outputs"]) == (0, {"Output": 1001})
    states = {path: task["cached"] for path, task in again.result["tasks"].items()}
    assert states == {"make": True, "act": False, "weigh": True}


def test_a_whole_store_that_is_gone(bench: Bench) -> None:
    bench.run()
    shutil.rmtree(bench.home / "store")
    again = bench.run()
    assert again.code == 0 and sorted(bench.lines()) == sorted(["make", "act", "weigh", "make", "act"])


def test_a_users_own_file_that_changes_while_the_run_goes_on(bench: Bench, tmp_path: Path) -> None:
    """Its digest was taken at the start: a result for other bytes would be kept under that digest."""
    own = tmp_path / "own.bin"
    own.write_bytes(b"1" * 500)
    bench.flow = bench.flow[: bench.flow.index("@pipeline")] + f"""
@component
def change(ledger: str) -> int:
    open({str(own)!r}, "wb").write(b"2" * 500)
    return 0

@component
def weigh_after(ledger: str, data: Dataset, number: int) -> int:
    note(ledger, "weighed")
    return data.path.stat().st_size + number

@pipeline
def p(ledger: str, data: Dataset) -> int:
    return weigh_after(ledger, data, change(ledger))
"""
    bench.__post_init__()
    ended = bench.run(data=own)
    assert (ended.code, ended.error["code"]) == (1, "E420") and "has changed" in ended.error["message"]
    assert not bench.lines() and "start a new run" in ended.error["hint"]
