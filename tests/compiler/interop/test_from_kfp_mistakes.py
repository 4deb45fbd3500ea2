"""What `from_kfp` is given and what is no component: one clear error each."""

from __future__ import annotations

import pytest
from odd_names import ODD

import milonga
from milonga.compiler.interop import from_kfp
from milonga.errors import AuthoringError, InvalidPipeline, MilongaError, UsageError


@milonga.component
def store(text: str) -> str:
    return text


@pytest.mark.parametrize(
    ("component", "error", "code"),
    [
        (None, AuthoringError, "E177"),
        (store, AuthoringError, "E177"),
        ("nothing.yaml", UsageError, "E908"),
        ("{}", InvalidPipeline, "E203"),
        ("a: [", UsageError, "E908"),
        ("a: [\n", InvalidPipeline, "E200"),
        ("name: x\nimplementation: {}\n", AuthoringError, "E176"),
    ],
)
def test_what_is_no_component_is_named(component: object, error: type[MilongaError], code: str) -> None:
    with pytest.raises(error) as caught:
        from_kfp(component)
    assert caught.value.code == code


def test_a_file_that_is_not_consistent_is_refused() -> None:
    with pytest.raises(InvalidPipeline) as caught:
        from_kfp(ODD.replace("{name: comp-odd}", "{name: comp-even}"))
    assert caught.value.code == "E225" and "comp-even" in caught.value.got


def test_a_component_that_contains_itself_is_named() -> None:
    text = """
pipelineInfo: {name: round}
schemaVersion: 2.1.0
components:
  comp-a: {dag: {tasks: {b: {componentRef: {name: comp-b}, taskInfo: {name: b}}}}}
  comp-b: {dag: {tasks: {a: {componentRef: {name: comp-a}, taskInfo: {name: a}}}}}
deploymentSpec: {executors: {}}
root: {dag: {tasks: {a: {componentRef: {name: comp-a}, taskInfo: {name: a}}}}}
"""
    with pytest.raises(InvalidPipeline, match="errors") as caught:
        from_kfp(text)
    assert "comp-a → comp-b → comp-a" in caught.value.got
