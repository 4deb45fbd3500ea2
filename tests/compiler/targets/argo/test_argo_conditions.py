"""Conditions in CEL become expressions of Argo that say the same, or are left to a pod."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paper_expressions import evaluated

from milonga.compiler.cel import evaluate, parse
from milonga.compiler.targets.argo.control.conditions import condition, selected
from milonga.compiler.targets.argo.control.value import Inexpressible, Value
from milonga.runtime.argo.text import escaped_json

P = "inputs.parameter_values['{}']"
X, Y = P.format("x"), P.format("y")
VALUES = (0, 1, -3, 2.5, True, False, "", "a", "it's", "{{x}}", "1", [1, "a"], {"a": 1}, None)


def parameter(name: str) -> Value:
    return Value(expression=f"inputs.parameters['{name}']")


def in_argo(text: str, **values: Any) -> Any:
    given = {name: escaped_json(value) for name, value in values.items()}
    return evaluated(condition(text, parameter), {"inputs": {"parameters": given}})


def in_cel(text: str, **values: Any) -> Any:
    return evaluate(parse(text), {"inputs": {"parameter_values": values}})


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("true", "true"),
        (f"{X} == 'a'", "(fromJSON(inputs.parameters['x']) == 'a')"),
        ("inputs.parameter_values.x == 1", "(fromJSON(inputs.parameters['x']) == 1)"),
        (f"!({X})", "!(fromJSON(inputs.parameters['x']))"),
        (f"-{X} < 2.5", "(-(fromJSON(inputs.parameters['x'])) < 2.5)"),
        (f"int({X}) >= 3", "(int(fromJSON(inputs.parameters['x'])) >= 3)"),
        (f"double({X}) >= 3.0", "(float(fromJSON(inputs.parameters['x'])) >= 3.0)"),
        (f"{X} in ['a', 'b']", "(fromJSON(inputs.parameters['x']) in ['a', 'b'])"),
        (f"size({X}) > 0", "(len(fromJSON(inputs.parameters['x'])) > 0)"),
        (f"{X} == null", "(fromJSON(inputs.parameters['x']) == nil)"),
        (f"{X} ? {Y} : false", "(fromJSON(inputs.parameters['x']) ? fromJSON(inputs.parameters['y']) : false)"),
        (f"{X}['k'] == '}}}}'", "(fromJSON(inputs.parameters['x'])['k'] == '\\x7d\\x7d')"),
        (f"{X}.k == 1", "(fromJSON(inputs.parameters['x'])['k'] == 1)"),
    ],
)
def test_a_condition_is_written_in_argos_language(text: str, made: str) -> None:
    assert condition(text, parameter) == made


@pytest.mark.parametrize("operator", ["==", "!="])
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_equality_of_values_of_all_types_is_the_same(operator: str, value: Any) -> None:
    for other in VALUES:
        if type(value) is type(other) or None in (value, other):
            text = f"{X} {operator} {Y}"
            assert in_argo(text, x=value, y=other) is in_cel(text, x=value, y=other), (value, other)


@given(
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.sampled_from(["<", "<=", ">", ">=", "=="]),
)
def test_whole_numbers_that_doubles_hold_compare_the_same(left: int, right: int, operator: str) -> None:
    text = f"int({X}) {operator} {right}" if right >= 0 else f"int({X}) {operator} -{-right}"
    assert in_argo(text, x=left) is in_cel(text, x=left)


@given(st.text(), st.text())
def test_texts_compare_the_same(left: str, right: str) -> None:
    quoted = json.dumps(right, ensure_ascii=True)
    assert in_argo(f"{X} == {Y}", x=left, y=right) is (left == right)
    if all(ord(character) < 0x10000 for character in right):
        assert in_argo(f"{X} == {quoted}", x=left) is in_cel(f"{X} == {quoted}", x=left)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        (f"{X} && ({Y} || false)", {"x": True, "y": False}, False),
        (f"!({X} == 1) || {Y} == 'a'", {"x": 1, "y": "a"}, True),
        (f"'a' in {X}", {"x": ["b", "a"]}, True),
        (f"{X} ? {Y} > 1 : true", {"x": False, "y": 0}, True),
        (f"size({X}) == 2", {"x": [1, 2]}, True),
        (f"int({X}) == 3", {"x": 3.0}, True),
        (f"{X} != null && {X} > 5", {"x": None}, False),
    ],
)
def test_joined_conditions_mean_the_same(text: str, values: dict[str, Any], expected: bool) -> None:
    assert in_argo(text, **values) is expected
    assert in_cel(text, **values) is expected


@pytest.mark.parametrize(
    "text",
    [
        f"{X} + 1 == 2",
        f"{X} % 2 == 0",
        f"{X} * 2 == 4",
        f"{X}.startsWith('a')",
        f"{X} == 9007199254740993",
        f"{X} == 9007199254740992",
        f"{X} == -9007199254740992",
        f"string({X}) == '1'",
        "unknown == 1",
        f"has({X}.k)",
        f"{{'a': 1}}.a == {X}",
    ],
)
def test_what_argo_cannot_compute_or_not_exactly_is_left_to_a_pod(text: str) -> None:
    with pytest.raises(Inexpressible):
        condition(text, parameter)


def test_a_parameter_that_nobody_can_hand_over_makes_the_whole_condition_inexpressible() -> None:
    def nothing(name: str) -> Value:
        raise Inexpressible(name)

    with pytest.raises(Inexpressible):
        condition(f"{X} == 1", nothing)


@pytest.mark.parametrize(
    ("selector", "value", "part"),
    [
        ('parseJson(string_value)["a"]', '{"a":{"b":[1,2]}}', {"b": [1, 2]}),
        ('parseJson(string_value)["a"]', {"a": "{{x}}$"}, "{{x}}$"),
        ("string_value.a.b", {"a": {"b": 5}}, 5),
        ("string_value[1]", [1, "it's"], "it's"),
    ],
)
def test_a_selector_takes_the_same_part(selector: str, value: Any, part: Any) -> None:
    made = selected(selector, parameter("x"))
    packed = evaluated(made.argument[3:-2], {"inputs": {"parameters": {"x": escaped_json(value)}}})
    arrived = made.read("inputs.parameters['y']")
    assert evaluated(arrived.parsed, {"inputs": {"parameters": {"y": packed}}}) == part
    assert arrived.argument == "{{inputs.parameters.y}}", "it is handed on as it is"


@given(st.text() | st.lists(st.text()))
def test_what_argo_has_built_is_handed_on_as_plain_ascii(value: Any) -> None:
    made = Value(expression="toJson(value)", is_built=True)
    packed = evaluated(made.argument[3:-2], {"value": value})
    assert packed.isascii() and packed.isprintable() and not set(packed) & set("{}$\\\"'")
    output = made.output
    assert evaluated(output["expression"], {"value": value}) == packed
    absent = made.read("inputs.parameters['y']").or_default("instead").parsed
    assert evaluated(absent, {"inputs": {"parameters": {"y": output["default"]}}}) == "instead"


def test_a_selector_sees_the_value_alone() -> None:
    with pytest.raises(Inexpressible):
        selected(f"string_value == {X}", parameter("x"))


# Values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "argument"),
    [
        ("inputs.parameters['a-b']", "{{inputs.parameters.a-b}}"),
        ("workflow.parameters['x']", "{{workflow.parameters.x}}"),
        ("tasks['t-1'].outputs.parameters['x']", "{{tasks.t-1.outputs.parameters.x}}"),
        ("len(item)", "{{=len(item)}}"),
    ],
)
def test_a_value_that_is_only_handed_on_is_no_expression(expression: str, argument: str) -> None:
    assert Value(expression=expression).argument == argument


def test_a_constant_is_its_text() -> None:
    assert Value({"a": "{{x}}"}).argument == '{"a":"\\u007b\\u007bx}}"}'


@given(st.integers(), st.text())
def test_a_default_stands_in_for_what_is_absent_only(value: int, default: str) -> None:
    made = parameter("x").or_default(default)
    for given_value, expected in ((None, default), (value, value)):
        text = evaluated(made.text, {"inputs": {"parameters": {"x": escaped_json(given_value)}}})
        assert json.loads(text) == expected


def test_conversions_that_argo_has() -> None:
    number = Value(expression="x", kind="NUMBER_INTEGER")
    assert number.as_kind("NUMBER_DOUBLE").text == "x"
    assert number.as_kind("STRING").text == "toJson(x)"
    assert Value(expression="x", kind="STRING").as_kind("LIST").text == "fromJSON(x)"
    with pytest.raises(Inexpressible):
        Value(expression="x", kind="STRING").as_kind("NUMBER_INTEGER")
