"""Arguments and settings are checked before anything starts, and nothing is left when they are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from milonga import Dataset, component, pipeline
from milonga.errors import MilongaError


@component
def use(value: int, size: str, data: Dataset) -> str:
    return f"{value} {size} {data.path.name}"


@pipeline
def p(value: int, data: Dataset, size: Literal["s", "m"] = "s", part: float = 1.0) -> str:
    return use(value, size, data)


def test_an_artifact_is_a_path_a_uri_or_an_object(play_both, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    path = tmp_path / "there"
    for given in (path, str(path), path.as_uri(), Dataset.at(path)):
        result = play_both(p, {"value": 1, "data": given}).raise_for_state()
        assert result.outputs["Output"] == "1 s there"


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"value": "1"}, "E904", "'value'"),
        ({"value": 1.5}, "E904", "'value'"),
        ({"value": True}, "E904", "'value'"),
        ({"value": None}, "E904", "'value'"),
        ({"value": object()}, "E904", "'value'"),
        ({"size": "l"}, "E904", "'s', 'm'"),
        ({"part": "1.0"}, "E904", "'part'"),
        ({"part": float("nan")}, "E904", "'part'"),
        ({"data": "no/such/place"}, "E904", "no/such/place"),
        ({"data": 7}, "E904", "'data'"),
        ({"valeu": 1}, "E902", "did you mean 'value'?"),
        ({"data": ...}, "E903", "data: system.Dataset"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_starts(
    play, home: Path, tmp_path: Path, changes: dict[str, Any], code: str, text: str
) -> None:
    arguments = {"value": 1, "data": str(tmp_path), **changes}
    arguments = {name: value for name, value in arguments.items() if value is not ...}
    with pytest.raises(MilongaError) as caught:
        play(p, arguments)
    assert caught.value.code == code and text in str(caught.value)
    assert not home.exists()


@pytest.mark.parametrize("settings", [{"jobs": -1}, {"mode": "elsewhere"}])
def test_a_wrong_setting_is_refused(play, home: Path, tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(MilongaError) as caught:
        play(p, {"value": 1, "data": str(tmp_path)}, **settings)
    assert caught.value.code == "E901" and not home.exists()


def test_a_graph_that_is_not_consistent_is_refused_before_anything_is_written(play, home: Path) -> None:
    from milonga.compiler.graph import Graph

    document = {
        "pipelineInfo": {"name": "x"},
        "schemaVersion": "2.1.0",
        "root": {"dag": {"tasks": {"t": {"componentRef": {"name": "comp-none"}}}}},
    }
    with pytest.raises(MilongaError) as caught:
        play(Graph.from_documents((document,)))
    assert caught.value.code == "E225" and "comp-none" in str(caught.value) and not home.exists()


def test_a_component_alone_is_a_pipeline(play_both, tmp_path: Path) -> None:
    result = play_both(use, {"value": 1, "size": "s", "data": str(tmp_path)}).raise_for_state()
    assert result.outputs["Output"] == f"1 s {tmp_path.name}"
