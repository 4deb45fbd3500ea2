"""Only what an attempt has made itself moves into the content store; what lies elsewhere stays where it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from milonga.compiler.graph import Component, wire
from milonga.engine.content import ContentStore
from milonga.engine.executor_io import executor_input, read_outputs
from milonga.engine.values import Bundle
from milonga.errors import MilongaError
from milonga.lineage.records import ArtifactRecord

DECLARED = {
    "outputDefinitions": {
        "artifacts": {"out": {"artifactType": {"schemaTitle": "system.Artifact", "schemaVersion": "0.0.1"}}},
        "parameters": {"p": {"parameterType": "STRING"}},
    },
    "executorLabel": "e",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the attempt."""
    path = tmp_path / "home" / "runs" / "r" / "tasks" / "t" / "attempt-1"
    (path / "outputs").mkdir(parents=True)
    return path


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "data"
    path.mkdir(parents=True)
    (path / "precious.txt").write_text("precious")
    return path


@pytest.fixture
def read(folder: Path, tmp_path: Path) -> Callable[..., Bundle]:
    """Read the outputs of an attempt whose report says `entry` about its artifact."""
    component = wire.load(Component, DECLARED, "x")

    def call(**entry: Any) -> Bundle:
        report: Mapping[str, Any] = {"artifacts": {"out": {"artifacts": [entry]}}} if entry else {}
        request = executor_input(component, Bundle(), folder)
        return read_outputs(component, report, request, folder, ContentStore(tmp_path / "home" / "store"))

    return call


def record_of(bundle: Bundle) -> ArtifactRecord:
    record = bundle.artifacts["out"]
    assert isinstance(record, ArtifactRecord)
    return record


def test_dots_do_not_make_a_folder_of_the_users_the_attempts_own(read, folder: Path, elsewhere: Path) -> None:
    uri = f"{folder}/outputs/../../../../../../../elsewhere/data"
    assert Path(uri).resolve() == elsewhere.resolve()
    assert record_of(read(uri=uri)).uri == uri
    assert not elsewhere.is_symlink() and os.access(elsewhere / "precious.txt", os.W_OK)


def test_a_link_on_the_way_does_not_either(read, folder: Path, elsewhere: Path) -> None:
    (folder / "outputs" / "link").symlink_to(elsewhere.parent)
    record = record_of(read(uri=f"{folder}/outputs/link/data"))
    assert not elsewhere.is_symlink() and record.size_bytes == len("precious")


def test_the_folder_of_the_attempt_itself_is_no_output(read, folder: Path) -> None:
    read(uri=f"{folder}/outputs/..")
    assert folder.is_dir() and not folder.is_symlink()


def test_its_own_output_moves_whatever_its_spelling(read, folder: Path, tmp_path: Path) -> None:
    (folder / "outputs" / "deep").mkdir()
    (folder / "outputs" / "out").write_text("made")
    kept = Path(record_of(read(uri=f"{folder}/outputs/deep/../out")).uri)
    assert kept.is_relative_to(tmp_path / "home" / "store") and kept.read_text() == "made"
    assert (folder / "outputs" / "out").read_text() == "made", "the old path goes on working"


@pytest.mark.parametrize("empty", ["", None])
def test_an_address_that_is_left_empty_is_the_assigned_one(read, folder: Path, empty: str | None) -> None:
    (folder / "outputs" / "out").write_text("made")
    assert Path(record_of(read(uri=empty, metadata={"k": 1})).uri).read_text() == "made"


def test_a_link_with_the_name_of_an_own_path_is_not_written_through(read, folder: Path, elsewhere: Path) -> None:
    (folder / "custom").symlink_to(elsewhere)
    (folder / "mine").write_text("made")
    assert Path(record_of(read(customPath=str(folder / "mine"))).uri).read_text() == "made"
    assert [each.name for each in elsewhere.iterdir()] == ["precious.txt"]


def test_a_parameter_is_read_through_no_link(read, folder: Path, elsewhere: Path) -> None:
    (folder / "outputs" / "p").symlink_to(elsewhere / "precious.txt")
    with pytest.raises(MilongaError) as caught:
        read()
    assert caught.value.code == "E416"


def test_a_pipe_is_no_parameter_and_keeps_nobody_waiting(read, folder: Path) -> None:
    os.mkfifo(folder / "outputs" / "p")
    assert read().parameters == {}


@pytest.mark.parametrize("text", ["\0", "x" * 5000, "\ud800"])
def test_an_address_that_is_no_path_is_one_clear_error_or_nothing(read, folder: Path, text: str) -> None:
    try:
        assert record_of(read(uri=f"{folder}/outputs/{text}")).size_bytes == 0
    except MilongaError as error:
        assert error.code == "E416"
