"""A step is replayed with the settings, names and workspace that it had: also those that no input of it carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from milonga.engine.replay import replay
from milonga.errors import MilongaError

pytest.importorskip("kfp")

MEMORY = """
from kfp import dsl


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def chosen() -> str:
    return "300Mi"


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def double(number: int) -> int:
    return 2 * number


@dsl.pipeline
def inner(memory: str = "400Mi") -> int:
    return double(number=4).set_memory_limit(memory).output


@dsl.pipeline
def flow(memory: str = "500Mi", sizes: list = ["600Mi"]):
    double(number=1).set_memory_limit(memory)
    double(number=2).set_memory_limit(chosen().output)
    with dsl.ParallelFor(sizes) as size:
        double(number=3).set_memory_limit(size)
    inner()
"""


@pytest.mark.slow
def test_a_limit_that_comes_from_an_input_is_found_again(play, author, home: Path) -> None:
    result = play(author(MEMORY).flow)
    result.raise_for_state()
    steps = [path for path, task in result.tasks.items() if path.rpartition("/")[2].startswith("double")]
    assert len(steps) == 4
    for path in steps:
        assert replay(task=path, home=home).is_same is True, path


def test_the_limit_of_then_is_kept_to(play, author, home: Path) -> None:
    module = author(
        """
        from kfp import dsl

        @dsl.component(base_image="python:3.11", install_kfp_package=False)
        def hold(megabytes: int) -> int:
            import time

            block = bytearray(megabytes * 2**20)
            block[::4096] = bytes(len(block[::4096]))
            time.sleep(5)
            return len(block)

        @dsl.pipeline
        def flow(memory: str, megabytes: int):
            hold(megabytes=megabytes).set_memory_limit(memory)
        """
    )
    assert play(module.flow, {"memory": "150Mi", "megabytes": 400}).run.error["code"] == "E415"
    assert replay(home=home).error["code"] == "E415"


@pytest.mark.slow
def test_a_limit_that_is_missing_today_is_one_clear_error_and_leaves_nothing(play, author, home: Path) -> None:
    result = play(author(MEMORY).flow)
    today = author(
        MEMORY.replace("memory: str =", "room: str =").replace("set_memory_limit(memory)", "set_memory_limit(room)")
    )
    with pytest.raises(MilongaError) as caught:
        replay(task="double", current=today.flow, home=home)
    assert caught.value.code == "E433" and "room" in caught.value.message
    assert not (result.folder / "replays").exists()


WORKSPACE = """
from kfp import dsl


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def write(folder: str, text: str):
    with open(folder + "/note", "w") as stream:
        stream.write(text)


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def extend(place: dict) -> str:
    with open(place["folder"] + "/note", "a") as stream:
        stream.write("!")
    return open(place["folder"] + "/note").read()


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def placed(folder: str) -> dict:
    return {"folder": folder}


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size="1Gi")))
def flow(text: str = "hello") -> str:
    written = write(folder=dsl.WORKSPACE_PATH_PLACEHOLDER, text=text)
    place = placed(folder=dsl.WORKSPACE_PATH_PLACEHOLDER)
    return extend(place=place.output).after(written).output
"""


def test_a_replay_finds_what_the_workspace_held_and_changes_nothing_in_it(play, author, home: Path) -> None:
    result = play(author(WORKSPACE).flow)
    note = result.folder / "workspace" / "note"
    assert result.outputs == {"Output": "hello!"} and note.read_text() == "hello!"
    assert replay(task="extend", home=home).outputs == {"Output": "hello!!"}
    done = replay(task="write", changes={"text": "another"}, home=home)
    assert done.succeeded and note.read_text() == "hello!"
    notes = sorted(path.read_text() for path in (result.folder / "replays").glob("runs/*/workspace/note"))
    assert notes == ["another", "hello!!"]


def test_a_workspace_that_is_gone_is_an_empty_one(play, author, home: Path) -> None:
    import shutil

    result = play(author(WORKSPACE).flow)
    shutil.rmtree(result.folder / "workspace")
    assert replay(task="write", home=home).succeeded
    assert not (result.folder / "workspace").exists()
