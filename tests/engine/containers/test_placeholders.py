"""Placeholders in the command line of a container: KFP's launcher is the model."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.engine.placeholders import PlaceholderContext, resolve_arguments
from milonga.engine.steps.environment import expanded
from milonga.errors import RunError

INPUT = {
    "inputs": {
        "parameterValues": {"text": "a b", "number": 3.0, "none": None},
        "artifacts": {
            "data": {"artifacts": [{"name": "d", "uri": "gs://bucket/x", "metadata": {"rows": 3, "who": "me"}}]},
            "empty": {"artifacts": []},
        },
    },
    "outputs": {
        "parameters": {"out": {"outputFile": "/folder/out"}},
        "artifacts": {"model": {"artifacts": [{"name": "m", "uri": "/folder/model"}]}},
        "outputFile": "/folder/report.json",
    },
}


def arguments(*texts: str) -> list[str]:
    return resolve_arguments(texts, PlaceholderContext(executor_input=INPUT))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{$.inputs.parameters['text']}}", "a b"),
        ('<{{$.inputs.parameters["number"]}}>', "<3>"),
        ("{{$.inputs.artifacts['data'].uri}}", "gs://bucket/x"),
        ("{{$.inputs.artifacts['data'].path}}", "/gcs/bucket/x"),
        ("{{$.inputs.artifacts['data'].metadata['who']}}", "me"),
        ("{{$.inputs.artifacts['data'].metadata}}", '{"rows": 3, "who": "me"}'),
        ("{{$.outputs.parameters['out'].output_file}}", "/folder/out"),
        ("{{$.outputs.artifacts['model'].path}}", "/folder/model"),
        ("{{$.outputs.output_file}}", "/folder/report.json"),
        ("{ { $ }} {$.x} {{x}}", "{ { $ }} {$.x} {{x}}"),
    ],
)
def test_what_a_placeholder_stands_for(text: str, expected: str) -> None:
    assert arguments(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "{{$.inputs.parameters['absent']}}",
        "{{$.inputs.artifacts['empty'].path}}",
        "{{$.nothing}}",
        '{"IfPresent": {"Then": "x"}}',
        '{"Concat": "x"}',
        '{"Concat": [1]}',
        '{"IfPresent": {"InputName": "text", "Then": {"Other": 1}}}',
    ],
)
def test_what_stands_for_nothing_is_refused(text: str) -> None:
    with pytest.raises(RunError) as caught:
        arguments(text)
    assert caught.value.code == "E433"


def condition(name: str, **branches: object) -> str:
    return json.dumps({"IfPresent": {"InputName": name, **branches}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (condition("text", Then=["--t", "{{$.inputs.parameters['text']}}"]), ["--t", "a b"]),
        (condition("text", Then="x", Else="y"), ["x"]),
        (condition("none", Then="x", Else=["y", "z"]), ["y", "z"]),
        (condition("absent", Then="x"), []),
        (condition("data", Then="{{$.inputs.artifacts['data'].path}}"), ["/gcs/bucket/x"]),
        (condition("empty", Then="x", Else="none"), ["none"]),
        (condition("text", Then=[{"Concat": ["a", {"IfPresent": {"InputName": "none", "Then": "b"}}, "c"]}]), ["ac"]),
        (json.dumps({"Concat": ["x=", "{{$.inputs.parameters['number']}}", ["y", "z"]]}), ["x=3yz"]),
        ('{"Concat": not json', ['{"Concat": not json']),
        ('{"Concat": ["a"], "more": 1}', ['{"Concat": ["a"], "more": 1}']),
        ('{"other": 1}', ['{"other": 1}']),
    ],
)
def test_an_argument_that_is_an_object(text: str, expected: list[str]) -> None:
    assert arguments(text) == expected


@given(st.text(), st.text())
def test_values_are_data(value: str, name: str) -> None:
    context = PlaceholderContext(executor_input={"inputs": {"parameterValues": {"x": value}}})
    placeholder = "{{$.inputs.parameters['x']}}"
    assert resolve_arguments([placeholder], context) == [value]
    assert resolve_arguments([json.dumps({"Concat": [placeholder, placeholder]})], context) == [value + value]
    assert resolve_arguments([condition("x", Then=["a", placeholder])], context) == ["a", value]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1e-7, "0.0000001"),
        (1e22, "1" + "0" * 22),
        (-2.50, "-2.5"),
        (0.1, "0.1"),
        (True, "true"),
        (10**20, "1" + "0" * 20),
    ],
)
def test_numbers_are_written_as_go_does(value: float, expected: str) -> None:
    context = PlaceholderContext(executor_input={"inputs": {"parameterValues": {"x": value}}})
    assert resolve_arguments(["{{$.inputs.parameters['x']}}"], context) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[("$(A)", "1"), ("$$(A)", "$(A)"), ("$$$(A)", "$1"), ("$(B)", "$(B)"), ("$(A", "$(A"), ("$A $", "$A $")],
        *[("$$", "$"), ("$(A)$(A)", "11"), ("$()", "$()"), ("$(echo $(A))", "$(echo $(A))"), ("$$$$", "$$")],
    ],
)
def test_variables_expand_as_kubernetes_does(text: str, expected: str) -> None:
    assert expanded(text, {"A": "1"}) == expected
