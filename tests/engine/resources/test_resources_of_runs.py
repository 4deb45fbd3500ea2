"""Requests for cores, memory and devices, kept to by real runs."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from milonga import compile, component, pipeline
from milonga import dsl as ml
from milonga.compiler.documents import load_graph
from milonga.engine.resources import Machine

CORES = int(Machine.measured().cpus)


@component
def occupy(seconds: float, number: int) -> float:
    import time

    time.sleep(seconds)
    return seconds + number


@pipeline
def wide_ones() -> None:
    with ml.ParallelFor([1, 2, 3]) as number:
        occupy.options(cpu=str(CORES), name="wide")(0.2, number)


def spans(result, part: str) -> list[tuple[float, float]]:
    tasks = [task for path, task in result.tasks.items() if part in path and task.kind == "step"]
    return sorted((task.started_at, task.ended_at) for task in tasks)


def test_steps_that_want_all_cores_run_one_after_the_other(play) -> None:
    result = play(wide_ones, jobs=8).raise_for_state()
    found = spans(result, "wide")
    assert len(found) == 3 and all(first[1] <= second[0] for first, second in itertools.pairwise(found))


@component
def hold(megabytes: int) -> int:
    import time

    block = bytearray(megabytes * 2**20)
    for place in range(0, len(block), 4096):
        block[place] = 1
    time.sleep(30)
    return len(block)


@component
def hold_in_a_child(megabytes: int) -> int:
    import subprocess
    import sys

    program = f"import time; block = bytearray({megabytes} * 2**20); block[::4096] = bytes(len(block[::4096]))"
    subprocess.run([sys.executable, "-c", program + "; time.sleep(30)"], check=True)
    return megabytes


@pipeline
def greedy(megabytes: int) -> None:
    hold.options(memory="150Mi")(megabytes)
    hold_in_a_child.options(memory="150Mi")(megabytes)


def test_a_step_whose_processes_hold_more_than_their_limit_is_ended_as_a_pod_would_be(play) -> None:
    result = play(greedy, {"megabytes": 400}, jobs=2)
    assert result.state == "FAILED"
    for path in ("hold", "hold-in-a-child"):
        error = result.tasks[path].error
        assert error["code"] == "E415" and "150 MiB" in error["message"] and "memory=" in error["hint"], error
        assert 150 * 2**20 < result.tasks[path].peak_memory_bytes < 700 * 2**20


@pipeline
def large() -> float:
    return occupy.options(cpu="512", memory="40Ti", gpu=64)(0.0, 1)


def test_more_than_there_is_is_cut_and_said(play, capsys: pytest.CaptureFixture[str]) -> None:
    from milonga.engine.progress import LineProgress

    assert play(large, progress=LineProgress()).succeeded
    said = capsys.readouterr().err
    assert "occupy asks for 512 cores of" in said and "64 GPU of" in said and "it gets what there is" in said


def test_or_refused_where_the_caller_wants_to_know(play) -> None:
    result = play(large, resources="strict")
    assert (
        result.state == "FAILED" and result.run.error["code"] == "E448" and "512 cores" in result.run.error["message"]
    )


def test_or_left_out_of_account(play) -> None:
    assert play(large, resources="ignore").succeeded


@component
def visible_devices() -> str:
    import os

    return os.environ.get("CUDA_VISIBLE_DEVICES", "all")


@pipeline
def with_devices() -> None:
    with ml.ParallelFor([1, 2, 3, 4]):
        visible_devices.options(gpu=1, name="one")()
    visible_devices.options(name="none")()


def test_each_step_sees_the_devices_that_are_its_own(play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    result = play(with_devices, jobs=4, cache=False).raise_for_state()
    seen = [task.outputs["Output"] for path, task in result.tasks.items() if path.endswith("/one")]
    assert len(seen) == 4 and set(seen) <= {"4", "7"}
    assert result.tasks["none"].outputs["Output"] == "4,7"


@component
def mark(ledger: str, name: str, seconds: float) -> str:
    import time

    time.sleep(seconds)
    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write(name + "\n")
    return name


@pipeline
def uneven(ledger: str) -> None:
    for number in range(4):
        mark.options(name=f"short-{number}")(ledger, f"short-{number}", 0.0)
    first = mark.options(name="first-of-three")(ledger, "first-of-three", 0.0)
    second = mark.options(name="second-of-three", after=first)(ledger, "second-of-three", 0.0)
    mark.options(name="third-of-three", after=second)(ledger, "third-of-three", 0.0)


def test_the_longest_way_starts_first(play, ledger: Path, lines_of) -> None:
    play(uneven, {"ledger": str(ledger)}, jobs=1).raise_for_state()
    assert lines_of()[:2] == ["first-of-three", "second-of-three"]


@pipeline
def one_slow(ledger: str) -> None:
    for number in range(3):
        mark.options(name=f"quick-{number}")(ledger, f"quick-{number}", 0.0)
    slow_mark.options(name="slow")(ledger)


@component
def slow_mark(ledger: str) -> str:
    import time

    with open(ledger, "a") as stream:  # noqa: PTH123
        stream.write("slow\n")
    time.sleep(0.6)
    return "slow"


def test_what_took_long_last_time_starts_first(play, ledger: Path, lines_of) -> None:
    play(one_slow, {"ledger": str(ledger)}, jobs=1, cache=False).raise_for_state()
    assert lines_of()[0] != "slow"
    ledger.unlink()
    play(one_slow, {"ledger": str(ledger)}, jobs=1, cache=False).raise_for_state()
    assert lines_of()[0] == "slow"


@pipeline
def sized(memory: str) -> int:
    return count_letters.options(memory="123Mi")(memory)


@component
def count_letters(text: str) -> int:
    return len(text)


@pytest.mark.parametrize(("memory", "code"), [("64Mi", None), ("plenty", "E449")])
def test_a_memory_limit_may_come_from_an_input_as_in_kfp_files(play, tmp_path: Path, memory: str, code) -> None:
    file = tmp_path / "sized.yaml"
    compile(sized, output=file)
    (name,) = load_graph(file).root.dag.tasks["count-letters"].inputs.parameters
    file.write_text(file.read_text().replace("123Mi", f"{{{{$.inputs.parameters['{name}']}}}}"))
    result = play(str(file), {"memory": memory})
    assert result.run.error.get("code") == code
