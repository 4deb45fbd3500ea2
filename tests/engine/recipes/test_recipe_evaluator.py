"""Expressions that say where a value comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.engine.recipes.absent import ABSENT
from milonga.engine.recipes.evaluator import Evaluator, flattened
from milonga.errors import RunError

MADE = {
    ("make", ()): {"out": 5, "text": "it's", "items": [1, 2, 3], "none": None},
    ("inner", (0,)): {"out": "a"},
    ("inner", (2,)): {"out": "c"},
    ("deep", (0, 0)): {"out": 1},
    ("deep", (0, 1)): {"out": 2},
    ("deep", (1, 0)): {"out": 3},
}
GIVEN = {"count": 3, "words": ["a", "b"], "text": "{{$.pipeline_job_name}}", "number": 0}


class Kept:
    """Sources that are a table; artifacts are their addresses."""

    names: Mapping[str, str] = {"pipeline_job_name": "the-run"}

    def parameters_of(self, leaf: str, indices: Sequence[int]) -> Any:
        return MADE.get((leaf, tuple(indices)), ABSENT)

    def artifact_of(self, leaf: str, indices: Sequence[int], name: str) -> Any:
        return f"{leaf}{list(indices)}.{name}" if (leaf, tuple(indices)) in MADE else ABSENT

    def pipeline_parameter(self, name: str) -> Any:
        return GIVEN.get(name, ABSENT)

    def pipeline_artifact(self, name: str) -> Any:
        return {"data": "s3://data"}.get(name, ABSENT)

    def final_status(self, key: str) -> Mapping[str, Any]:
        return {"state": key}

    def imported(self, name: str, uri: str, metadata: Mapping[str, Any], title: str) -> Any:
        return (name, uri, dict(metadata), title)

    def select(self, value: Any, selector: str) -> Any:
        return value[selector]

    def holds(self, condition: str, parameters: Mapping[str, Any]) -> bool:
        return bool(eval(condition, {}, dict(parameters)))


def value(expression: list[Any], *indices: int) -> Any:
    return Evaluator(Kept(), indices).parameter(expression)


def artifact(expression: list[Any], *indices: int) -> Any:
    return Evaluator(Kept(), indices).artifact(expression)


OUT, INNER = ["output", "make", 0, "out"], ["output", "inner", 1, "out"]
NEVER = ["output", "skipped", 0, "out"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (["constant", {"a": [1, None]}], {"a": [1, None]}),
        (["constant", None], None),
        (["text", "run {{$.pipeline_job_name}} of {{$.inputs.parameters['x']}}", {"x": OUT}], "run the-run of 5"),
        (["text", ["{{$.inputs.parameters['x']}}"], {"x": ["constant", "input"]}], ["input"]),
        (["input", "count"], 3),
        (["input", "unknown"], ABSENT),
        (["input", "number"], 0),
        (OUT, 5),
        (["output", "make", 0, "none"], ABSENT),
        (["output", "make", 0, "unknown"], ABSENT),
        (NEVER, ABSENT),
        (["part", ["output", "make", 0, "items"], 1], 2),
        (["part", NEVER, 1], ABSENT),
        (["first", [NEVER, OUT, ["constant", 1]]], 5),
        (["first", [NEVER]], ABSENT),
        (["first", [["input", "number"], OUT]], 0),
        (["typed", OUT, "STRING"], "5"),
        (["typed", OUT, "NUMBER_DOUBLE"], 5.0),
        (["typed", ["constant", "[1]"], "LIST"], [1]),
        (["typed", NEVER, "STRING"], ABSENT),
        (["typed", NEVER, "STRING", "instead"], "instead"),
        (["typed", NEVER, "LIST", ["input", "count"]], ["input", "count"]),
        (["typed", ["output", "make", 0, "none"], "STRING", "instead"], "instead"),
        (["typed", ["constant", None], "STRING", "instead"], None),
        (["if", "x == 5", {"x": OUT}, ["constant", "yes"]], "yes"),
        (["if", "x == 6", {"x": OUT}, ["constant", "yes"]], ABSENT),
        (["if", "x is None", {"x": NEVER}, ["constant", "yes"]], "yes"),
        (["status", "#make", "make"], {"state": "#make"}),
        (["absent"], ABSENT),
    ],
)
def test_a_parameter_is_what_its_expression_says(expression: list[Any], expected: Any) -> None:
    found = value(expression)
    assert found == expected and type(found) is type(expected)


def test_a_text_of_the_run_is_never_read_as_a_template() -> None:
    assert value(["input", "text"]) == "{{$.pipeline_job_name}}"
    assert value(["text", "{{$.inputs.parameters['x']}}!", {"x": ["input", "text"]}]) == "{{$.pipeline_job_name}}!"


def test_an_iteration_sees_its_own_element() -> None:
    items = ["typed", ["input", "words"], "LIST"]
    assert [value(["item", items, 0], index) for index in range(2)] == ["a", "b"]
    with pytest.raises(RunError) as caught:
        value(["item", items, 0], 2)
    assert caught.value.code == "E435"


def test_an_output_is_found_by_the_iterations_around_its_maker_alone() -> None:
    assert value(INNER, 2, 7, 9) == "c"
    assert value(OUT, 4) == 5


def test_a_collected_list_leaves_skipped_iterations_out() -> None:
    assert value(each(3, 0, INNER)) == ["a", "c"]


def each(count: int, depth: int, inner: list[Any]) -> list[Any]:
    return ["each", ["count", "parameters", ["constant", list(range(count))]], depth, inner]


def test_a_loop_in_a_loop_is_a_list_of_lists() -> None:
    deep = ["output", "deep", 2, "out"]
    assert value(each(2, 0, each(2, 1, deep))) == [[1, 2], [3]]
    assert value(each(2, 1, deep), 0) == [1, 2]


def test_what_stands_after_a_collected_list_sees_its_own_iteration_again() -> None:
    evaluator = Evaluator(Kept(), (2,))
    assert evaluator.parameter(each(3, 0, INNER)) == ["a", "c"]
    assert evaluator.parameter(INNER) == "c"
    with pytest.raises(RunError):
        evaluator.parameter(each(3, 0, ["item", ["constant", [1]], 0]))
    assert evaluator.parameter(INNER) == "c"


@pytest.mark.parametrize(
    ("wanted", "length"),
    [
        (["count", "parameters", ["constant", [1, 2]]], 2),
        (["count", "parameters", ["constant", None]], 0),
        (["count", "parameters", NEVER], 0),
        (["count", "artifacts", ["output", "make", 0, "data"]], 1),
        (["count", "artifacts", each(3, 0, INNER)], 2),
    ],
)
def test_a_count_is_the_length_of_a_list(wanted: list[Any], length: int) -> None:
    assert Evaluator(Kept()).count(wanted) == length


def test_a_loop_over_what_is_no_list_is_an_error() -> None:
    with pytest.raises(RunError) as caught:
        Evaluator(Kept()).count(["count", "parameters", OUT])
    assert caught.value.code == "E435"


def test_artifacts_of_nested_loops_are_one_flat_list() -> None:
    found = artifact(each(2, 0, each(2, 1, ["output", "deep", 2, "data"])))
    assert found == ["deep[0, 0].data", "deep[0, 1].data", "deep[1, 0].data"]


@given(st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=3), max_leaves=10).map(lambda x: [x]))
def test_flattening_keeps_the_order_and_every_element(values: list[Any]) -> None:
    text = str(values).replace("[", "").replace("]", "")
    assert flattened(values) == [int(part) for part in text.replace(" ", "").split(",") if part]


def test_an_importer_is_its_address_and_metadata() -> None:
    made = ["import", "data", ["input", "text"], ["text", {"a": "{{$.inputs.parameters['n']}}"}, {"n": OUT}], "T"]
    assert artifact(made) == ("data", GIVEN["text"], {"a": "5"}, "T")


@pytest.mark.parametrize("uri", [NEVER, ["constant", ""], ["constant", 5]])
def test_an_importer_without_an_address_is_an_error(uri: list[Any]) -> None:
    with pytest.raises(RunError) as caught:
        artifact(["import", "data", uri, ["text", {}, {}], "T"])
    assert caught.value.code == "E436"


def test_artifacts_of_the_pipeline_and_of_branches() -> None:
    assert artifact(["input", "data"]) == "s3://data"
    assert artifact(["input", "other"]) is ABSENT
    assert artifact(["first", [["output", "skipped", 0, "d"], ["output", "make", 0, "d"]]]) == "make[].d"
    assert artifact(["if", "x > 9", {"x": OUT}, ["input", "data"]]) is ABSENT
    assert artifact(["item", each(3, 0, ["output", "inner", 1, "d"]), 0], 1) == "inner[2].d"
