"""`replay` from Python: the same as the command, with Python's own values and pipelines."""

from __future__ import annotations

from pathlib import Path

import pytest

from milonga.engine.replay import replay
from milonga.errors import MilongaError

FLOW = """
from milonga import Dataset, component, pipeline


@component
def divide(total: int, parts: int, names: list[str]) -> float:
    return total / parts + len(names)


@component
def read(data: Dataset) -> str:
    return data.read_text()


@pipeline
def flow(data: Dataset, parts: int = 0) -> float:
    read(data)
    return divide(12, parts, ["a"])
"""


@pytest.fixture
def failed(play, author, home: Path, tmp_path: Path):
    module = author(FLOW)
    (tmp_path / "data.txt").write_text("some")
    result = play(module.flow, {"data": str(tmp_path / "data.txt")})
    assert not result.succeeded
    return module


def test_the_failed_step_of_the_newest_run(failed, home: Path) -> None:
    done = replay(home=home)
    assert not done.succeeded and done.error["message"] == "ZeroDivisionError: division by zero"
    assert repr(done).startswith("<replay of divide: FAILED in ") and "division by zero" in repr(done)


def test_changes_have_pythons_types(failed, home: Path, tmp_path: Path) -> None:
    done = replay(changes={"parts": 4, "names": []}, home=home)
    assert done.outputs == {"Output": 3.0} and done.is_same is None and done.is_as_expected
    (tmp_path / "other.txt").write_text("other")
    assert replay(task="read", changes={"data": tmp_path / "other.txt"}, home=home).outputs == {"Output": "other"}
    for wrong in ({"parts": "x"}, {"names": 3}, {"data": "/no"}, {"nothing": 1}):
        with pytest.raises(MilongaError, match="input"):
            replay(changes=wrong, home=home)


def test_the_pipeline_of_today_is_an_object(failed, home: Path, author) -> None:
    mended = author(FLOW.replace("total / parts", "total / max(parts, 1)"))
    done = replay(current=mended.flow, home=home)
    assert done.outputs == {"Output": 13.0} and done.is_current
    renamed = author(FLOW.replace("divide", "split"))
    with pytest.raises(MilongaError, match="no step 'divide'"):
        replay(current=renamed.flow, home=home)


def test_a_run_that_did_not_fail_wants_a_name(play, author, home: Path, tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("some")
    assert play(author(FLOW).flow, {"data": str(tmp_path / "data.txt"), "parts": 2}).succeeded
    with pytest.raises(MilongaError, match="did not fail in a step"):
        replay(home=home)
    assert replay(task="divide", home=home).is_same is True


def test_an_input_that_was_altered_on_its_way_is_refused(failed, home: Path, tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("changed by the user after the run")
    with pytest.raises(MilongaError) as caught:
        replay(task="read", home=home)
    assert caught.value.code == "E456" and "data.txt" in caught.value.got


def test_replays_at_the_same_time_are_kept_apart(failed, home: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda parts: replay(changes={"parts": parts}, home=home), (1, 2, 3, 4)))
    assert [done.outputs["Output"] for done in found] == [13.0, 7.0, 5.0, 4.0]
    assert len({done.folder for done in found}) == 4
