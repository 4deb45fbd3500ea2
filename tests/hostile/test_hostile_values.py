"""Hostile texts pass through runs as data: parameters, keys, constants, conditions, loops, parts of values, files.

Many values a run, so that hundreds take seconds. Everything that is written lies in the test's own folder, and no text
is ever used as a path.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hostile_texts import LONG, MEGABYTE, SHORT, TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st

import milonga as ml
from milonga import Dataset, component, pipeline
from milonga.compiler.documents import dump_graph, dump_yaml, parse_documents
from milonga.compiler.trace.tracer import trace
from milonga.engine.progress import Silent
from milonga.engine.result import RunResult

RUN_NAMES = "{{$.pipeline_job_name}}"
"""The one form of text that a constant may not have: the name of a value of the run, and nothing else."""

Play = Callable[..., RunResult]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def run(target: Any, arguments: dict[str, Any] | None = None, mode: Any = "in-process") -> RunResult:
        return ml.run(target, arguments, home=tmp_path / "home", jobs=2, mode=mode, progress=Silent()).raise_for_state()

    return run


@component
def echo(text: str) -> str:
    return text


@component
def echo_list(texts: list[str]) -> list[str]:
    return texts


@component
def echo_table(table: dict[str, str]) -> dict[str, str]:
    return table


class Passed(NamedTuple):
    texts: list[str]
    table: dict[str, str]


@pipeline
def pass_on(texts: list[str], table: dict[str, str]) -> Passed:
    return Passed(echo_list(texts), echo_table(table))


class Branches(NamedTuple):
    equal: list[str]
    unequal: list[str]


@pipeline
def compare(texts: list[str]) -> Branches:
    """Each text against itself, on its way through a dynamic loop, two branches and back into lists."""
    with ml.ParallelFor(texts) as item:
        made = echo(item)
        with ml.If(made == item):
            equal = echo(made)
        with ml.If(made != item):
            unequal = echo(made)
    return Branches(ml.Collected(equal), ml.Collected(unequal))


@pipeline
def constants() -> list[str]:
    """Each text as a constant of a task, of a condition, of a static loop, inside of a list and a dict."""
    for text in SHORT:
        made = echo(text)
        with ml.If(made == text):
            echo(text)
        with ml.If(made != text):
            echo(text)
    echo_table({text: text for text in SHORT})
    with ml.ParallelFor(list(SHORT)) as item:
        looped = echo(item)
    echo_list(ml.Collected(looped))
    return echo_list(list(TEXTS))


@pipeline
def parts(table: dict[str, str]) -> None:
    """The part of a dict under each text."""
    made = echo_table(table)
    for text in SHORT:
        echo(made[text])
        with ml.If(made[text] == text):
            echo("right")


@component
def describe(text: str) -> Dataset:
    made = Dataset.create_file()
    made.write_text("content")
    made.metadata["value"] = text
    made.metadata[f"key {text}"] = [text, {text: text}]
    return made


@component
def described(items: list[Dataset], texts: list[str]) -> bool:
    values = [item.metadata["value"] for item in items]
    deep = [item.metadata[f"key {text}"] for item, text in zip(items, texts, strict=True)]
    return values == texts and deep == [[text, {text: text}] for text in texts]


@pipeline
def metadata(texts: list[str]) -> bool:
    with ml.ParallelFor(texts) as item:
        made = describe(item)
    return described(ml.Collected(made), texts)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["in-process", "isolated"])
def test_values_and_keys_arrive_as_they_were_given(play: Play, mode: str) -> None:
    texts = [*TEXTS, MEGABYTE]
    table = {text: text for text in texts}
    result = play(pass_on, {"texts": texts, "table": table}, mode)
    assert result.outputs == {"texts": texts, "table": table}
    assert result.tasks["echo-table"].outputs == {"Output": table}


@pytest.mark.slow
def test_a_text_equals_itself_and_nothing_opens_the_other_branch(play: Play) -> None:
    assert play(compare, {"texts": list(SHORT)}).outputs == {"equal": list(SHORT), "unequal": []}


def expected_of_constants(result: RunResult) -> None:
    echoed = [result.tasks[f"echo-{3 * number + 1}" if number else "echo"].outputs for number in range(len(SHORT))]
    assert echoed == [{"Output": text} for text in SHORT]
    states = [task.state for path, task in result.tasks.items() if path.startswith("condition-") and "/" not in path]
    assert (states.count("SUCCEEDED"), states.count("SKIPPED")) == (len(SHORT), len(SHORT))
    assert result.tasks["echo-table"].outputs == {"Output": {text: text for text in SHORT}}
    assert result.tasks["echo-list"].outputs == {"Output": list(SHORT)}
    assert result.outputs == {"Output": list(TEXTS)}


@pytest.mark.slow
def test_constants_are_not_searched_for_anything(play: Play) -> None:
    expected_of_constants(play(constants))


@pytest.mark.slow
def test_nor_are_they_after_a_way_through_yaml(play: Play, tmp_path: Path) -> None:
    graph = trace(constants).graph
    file = tmp_path / "constants.yaml"
    file.write_text(dump_graph(graph), encoding="utf-8")
    assert json.dumps(parse_documents(file.read_text("utf-8"))) == json.dumps(graph.to_documents(), sort_keys=True)
    expected_of_constants(play(file))


@pytest.mark.slow
def test_the_part_of_a_dict_is_found_under_any_key(play: Play) -> None:
    result = play(parts, {"table": {text: text for text in SHORT}})
    branches = [task.state for path, task in result.tasks.items() if path.startswith("condition-") and "/" not in path]
    assert branches == ["SUCCEEDED"] * len(SHORT)


@pytest.mark.slow
def test_metadata_arrive_as_they_were_written(play: Play) -> None:
    assert play(metadata, {"texts": list(SHORT)}).outputs == {"Output": True}


def test_the_name_of_a_value_of_the_run_is_filled_in_as_kfps_authors_mean_it(play: Play) -> None:
    @pipeline
    def named() -> str:
        return echo(RUN_NAMES)

    assert play(named).outputs == {"Output": "named"}


def test_what_cel_does_not_take_is_one_short_error() -> None:
    @pipeline
    def endless(text: str) -> None:
        with ml.If(text == LONG[0]):
            echo(text)

    with pytest.raises(ml.errors.InvalidPipeline) as caught:
        ml.run(endless, {"text": "x"}, mode="in-process", progress=Silent())
    assert "E220" in str(caught.value)
    assert len(str(caught.value)) < 2000


TEXT = st.text(st.characters(codec="utf-8"))


@settings(max_examples=200, deadline=None)
@given(st.recursive(TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=10))
def test_any_text_survives_yaml_and_every_reader_agrees(value: Any) -> None:
    text = dump_yaml({"value": value})
    assert parse_documents(text) == ({"value": value},)
    assert parse_documents(json.dumps({"value": value})) == ({"value": value},)
    assert yaml.safe_load(text) == {"value": value}


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\udfff\ud800", "\\ud800", "\U0001f600", "\\\\ud83d\\ude00"])
def test_halves_of_pairs_and_what_looks_like_them_survive_yaml_and_json(text: str) -> None:
    for value in ({"a": text}, {text: [text]}):
        assert parse_documents(dump_yaml(value)) == (value,)
        assert parse_documents(json.dumps(value)) == (value,)
