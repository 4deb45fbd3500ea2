"""Content that is deleted or spoilt is never handed to a task as if it were what was recorded, and is made again."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine_bench import Bench, wait_for


def spoil(path: Path) -> None:
    """Other bytes, same length, same times, later than the tick of the file system's clock in which it was made."""
    time.sleep(0.05)
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


BOTH = """
@component
def both(ledger: str, first: Dataset, second: Dataset) -> int:
    note(ledger, "both")
    return first.path.stat().st_size + second.path.stat().st_size

@pipeline
def p(ledger: str, size: int = 1000, script: str = "") -> int:
    made = make(ledger, size)
    return both(ledger, made, act(ledger, made, script))
"""
SPOILING = [Path.unlink, spoil, cut, make_folder]


def each_harm(quick: Callable[[Path], None]) -> list[Any]:
    """Every harm; in engines of their own all but one are for when there is time."""
    return [pytest.param(harm, marks=() if harm is quick else pytest.mark.slow) for harm in SPOILING]


@pytest.mark.slow
@pytest.mark.parametrize("harm", each_harm(spoil))
def test_between_two_tasks_of_a_run(bench: Bench, harm: Callable[[Path], None], tmp_path: Path) -> None:
    """While a task runs, the content of its own input, which another task needs too, goes bad."""
    go, there = tmp_path / "go", tmp_path / "there"
    script = f"""
import time
open({str(there)!r}, "w").write(str(data.path))
while not os.path.exists({str(go)!r}): time.sleep(0.01)
"""
    bench.flow = bench.flow[: bench.flow.index("@pipeline")] + BOTH
    bench.write()
    engine = bench.start_run(script=script)
    harm(Path(wait_for(there)))
    go.touch()
    ended = bench.end(engine)
    _, tasks = bench.rows()
    assert (ended.code, tasks["act"].state) == (1, "FAILED"), "whatever it made of that counts for nothing"
    assert "both" not in bench.lines()
    again = bench.resume()
    assert (again.code, again.result["outputs"]) == (0, {"Output": 2001}), again.err
    assert bench.lines().count("make") == 2


@pytest.mark.parametrize("harm", each_harm(Path.unlink))
def test_before_a_task_of_a_run(bench: Bench, harm: Callable[[Path], None], tmp_path: Path) -> None:
    """A third task waits for another and for content that goes bad meanwhile."""
    go, there = tmp_path / "go", tmp_path / "there"
    script = f"""
import time
open({str(there)!r}, "w").write("here")
while not os.path.exists({str(go)!r}): time.sleep(0.01)
"""
    bench.flow = bench.flow[: bench.flow.index("@pipeline")] + BOTH.replace(
        "act(ledger, made,", "act(ledger, make(ledger, 7),"
    )
    bench.write()
    engine = bench.start_run("-j", "2", script=script)
    wait_for(there)
    while "Output" not in (tasks := bench.rows()[1])["make"].output_artifacts:
        time.sleep(0.01)
    harm(Path(tasks["make"].output_artifacts["Output"].uri))
    go.touch()
    ended = bench.end(engine)
    assert (ended.code, ended.error["code"], ended.error["task"]) == (1, "E420", "both")
    assert "'first'" in ended.error["message"] and "both" not in bench.lines()
    assert f"milonga run --resume {ended.result['run_id']}" in ended.error["hint"]
    again = bench.resume()
    assert (again.code, again.result["outputs"]) == (0, {"Output": 1008}), again.err


@pytest.mark.slow
@pytest.mark.parametrize("harm", SPOILING)
def test_between_run_and_resume(bench_here: Bench, harm: Callable[[Path], None], tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = bench_here.run(script=f"assert os.path.exists({str(gate)!r}), 'not yet'")
    assert first.code == 1
    _, tasks = bench_here.rows()
    harm(Path(tasks["make"].output_artifacts["Output"].uri))
    gate.touch()
    again = bench_here.resume()
    assert (again.code, again.result["outputs"]) == (0, {"Output": 1001}), again.err
    assert bench_here.lines().count("make") == 2 and bench_here.lines().count("weigh") == 1


@pytest.mark.slow
@pytest.mark.parametrize("harm", SPOILING)
def test_between_run_and_cache_hit(bench_here: Bench, harm: Callable[[Path], None]) -> None:
    bench_here.run()
    _, tasks = bench_here.rows()
    harm(Path(tasks["act"].output_artifacts["Output"].uri))
    again = bench_here.run()
    assert (again.code, again.result["outputs"]) == (0, {"Output": 1001})
    states = {path: task["cached"] for path, task in again.result["tasks"].items()}
    assert states == {"make": True, "act": False, "weigh": True}


def test_a_whole_store_that_is_gone(bench_here: Bench) -> None:
    bench_here.run()
    shutil.rmtree(bench_here.home / "store")
    again = bench_here.run()
    assert again.code == 0 and sorted(bench_here.lines()) == sorted(["make", "act", "weigh", "make", "act"])


CHANGED = """
@component
def change(ledger: str, place: str) -> int:
    open(place, "wb").write(b"2" * 500)
    note(ledger, "change")
    return 0

@component
def measure(ledger: str, data: Dataset, number: int) -> str:
    note(ledger, "measure")
    return data.path.read_text()[:3]

@pipeline
def p(ledger: str, data: Dataset, place: str) -> str:
    return measure(ledger, data, change.options(cache=False)(ledger, place))
"""


def test_a_users_own_file_that_changes_under_a_run_gives_a_result_that_is_not_reused(
    bench_here: Bench, tmp_path: Path
) -> None:
    """Its digest was taken at the start: what is made of other bytes must not be kept under that digest."""
    own = tmp_path / "own.bin"
    bench_here.flow = bench_here.flow[: bench_here.flow.index("@component")] + CHANGED
    bench_here.write()
    own.write_bytes(b"1" * 500)
    first = bench_here.run(data=own, place=own)
    assert (first.code, first.result["outputs"]) == (0, {"Output": "222"}) and "has changed" in first.err
    own.write_bytes(b"1" * 500)
    second = bench_here.run(data=own, place=tmp_path / "other.bin")
    assert (second.code, second.result["outputs"]) == (0, {"Output": "111"}), "a forged hit"


def test_a_users_own_file_that_is_gone(bench_here: Bench, tmp_path: Path) -> None:
    own = tmp_path / "own.bin"
    bench_here.flow = bench_here.flow[: bench_here.flow.index("@component")] + CHANGED.replace(
        'open(place, "wb").write', "os.unlink(place) or len"
    )
    bench_here.write()
    own.write_bytes(b"1" * 500)
    ended = bench_here.run(data=own, place=own)
    assert (ended.code, ended.error["code"]) == (1, "E420") and "is gone" in ended.error["message"]
    assert "measure" not in bench_here.lines() and "start a new run" in ended.error["hint"]


@pytest.mark.parametrize(("act", "what"), [("write_bytes(b'mine')", "changed"), ("unlink()", "removed")])
def test_a_step_that_writes_into_its_own_input_is_told_so(bench_here: Bench, act: str, what: str) -> None:
    """To resume would do the same again, and so would a retry."""
    bench_here.flow = bench_here.flow[: bench_here.flow.index("@component")] + WRITES.replace("ACT", act)
    bench_here.write()
    ended = bench_here.run()
    assert (ended.code, ended.error["code"], ended.error["task"]) == (1, "E420", "spoil")
    assert ended.error["message"] == f"the step's input 'm' was {what} while it ran"
    assert "copy" in ended.error["hint"] and "--resume" not in ended.error["hint"]
    assert bench_here.lines() == ["make", "spoil"]


WRITES = """
@component
def make(ledger: str) -> Dataset:
    note(ledger, "make")
    made = Dataset.create_file()
    made.write_text("theirs")
    return made

@component(retries=2)
def spoil(ledger: str, m: Dataset) -> int:
    note(ledger, "spoil")
    m.path.chmod(0o644)
    m.path.ACT
    return 1

@pipeline
def p(ledger: str) -> int:
    return spoil(ledger, make(ledger))
"""
