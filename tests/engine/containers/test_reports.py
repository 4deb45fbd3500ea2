"""A container writes its report itself: no place that it names, and no link that it leaves, leads to this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from milonga.engine.containers.endings import step_ended
from milonga.engine.workers.base import StepEnded, StepRequest

ENDED = {"exit_code": 0, "killed": False, "state": "exited", "cpu_s": 0.0, "peak_memory_bytes": 0, "wall_s": 0.1}


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder of the user's that no container was given."""
    folder = tmp_path / "host" / "victim"
    folder.mkdir(parents=True)
    (folder / "precious.txt").write_text("hush")
    return folder


@pytest.fixture
def request_(tmp_path: Path) -> StepRequest:
    """An attempt with an artifact `m`, a parameter `p` and an input `given`."""
    folder = tmp_path / "attempt-1"
    (folder / "outputs").mkdir(parents=True)
    given = tmp_path / "given"
    given.mkdir()
    (given / "part").write_text("text")
    return StepRequest(
        1,
        "container",
        "",
        "",
        folder,
        executor_input={
            "inputs": {"artifacts": {"given": {"artifacts": [{"uri": str(given)}]}}},
            "outputs": {
                "parameters": {"p": {"outputFile": str(folder / "outputs" / "p")}},
                "artifacts": {"m": {"artifacts": [{"name": "m", "uri": str(folder / "outputs" / "m")}]}},
            },
        },
    )


def ended_with(request: StepRequest, **entry: Any) -> StepEnded:
    report = {"parameterValues": {"p": "x"}, "artifacts": {"m": {"artifacts": [entry]}}}
    (request.folder / "executor_output.json").write_text(json.dumps(report))
    return step_ended(request, ENDED)


def is_refused(ended: StepEnded) -> bool:
    return ended.exit_code == 1 and ended.error is not None and ended.error["code"] == "E416"


@pytest.mark.parametrize("key", ["uri", "customPath", "custom_path"])
@pytest.mark.parametrize(
    "place",
    [
        lambda folder, victim: str(victim),
        lambda folder, victim: f"file://{victim}",
        lambda folder, victim: os.path.relpath(victim),
        lambda folder, victim: "../host/victim",
        lambda folder, victim: f"{folder}/outputs/../../host/victim",
        lambda folder, victim: f"{folder}/outputs/link/victim",
        lambda folder, victim: str(folder / "outputs" / "whole"),
        lambda folder, victim: f"{folder.parent}/given/../host/victim",
        lambda folder, victim: str(folder),
        lambda folder, victim: f"{folder}/outputs/\0",
        lambda folder, victim: f"gs://bucket/../..{victim}",
    ],
    ids=["path", "file", "relative", "up", "dots", "link on the way", "link", "input", "folder", "NUL", "remote"],
)
def test_a_place_that_is_not_its_own_is_refused(
    request_: StepRequest, victim: Path, key: str, place: Callable[[Path, Path], str]
) -> None:
    (request_.folder / "outputs" / "link").symlink_to(victim.parent)
    (request_.folder / "outputs" / "whole").symlink_to(victim)
    assert is_refused(ended_with(request_, **{key: place(request_.folder, victim)}))


def test_one_spelling_of_a_path_does_not_hide_the_other(request_: StepRequest, victim: Path) -> None:
    own = request_.folder / "fetched"
    own.touch()
    assert is_refused(ended_with(request_, customPath=str(victim), custom_path=str(own)))


@pytest.mark.parametrize("name", ["m", "p"])
def test_a_link_in_the_place_of_an_output_is_refused(request_: StepRequest, victim: Path, name: str) -> None:
    (request_.folder / "outputs" / name).symlink_to(victim / "precious.txt")
    assert is_refused(ended_with(request_))


def test_a_link_in_place_of_all_outputs_is_refused_without_a_report(request_: StepRequest, victim: Path) -> None:
    (request_.folder / "outputs").rmdir()
    (request_.folder / "outputs").symlink_to(victim)
    (victim / "p").write_text("hush")
    assert is_refused(step_ended(request_, ENDED))


@pytest.mark.parametrize(
    "uri",
    ["gs://bucket/model", "s3://bucket/a/b", "", "{folder}/outputs/m", "{folder}/outputs/m/part", "{given}/part"],
)
def test_its_own_outputs_its_inputs_and_remote_addresses_are_taken(request_: StepRequest, uri: str) -> None:
    given = request_.folder.parent / "given"
    ended = ended_with(request_, uri=uri.format(folder=request_.folder, given=given))
    assert ended.error is None and ended.output is not None and ended.output["parameterValues"] == {"p": "x"}


def test_an_error_quotes_no_file_that_the_log_was_made_a_link_to(request_: StepRequest, victim: Path) -> None:
    (request_.folder / "log.txt").symlink_to(victim / "precious.txt")
    ended = step_ended(request_, {**ENDED, "exit_code": 3})
    assert ended.error is not None and "hush" not in json.dumps(ended.error)
