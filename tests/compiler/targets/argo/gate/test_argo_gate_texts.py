"""The small readers: tags, expressions and `depends`."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milonga.compiler.targets.argo.gate.dags.condition import Condition
from milonga.compiler.targets.argo.gate.dags.depends import read_depends
from milonga.compiler.targets.argo.gate.tags.expression import read_expression
from milonga.compiler.targets.argo.gate.tags.tag import tags_in

ENDS = ("Succeeded", "Failed", "Errored", "Skipped", "Omitted")
NAMES = ("a", "b-1", "c")

leaves = st.builds(
    lambda task, result: Condition("", task=task, result=result), st.sampled_from(NAMES), st.sampled_from(("", *ENDS))
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda part: Condition("!", (part,)), inner),
        st.builds(
            lambda sign, parts: Condition(sign, tuple(parts)),
            st.sampled_from(("&&", "||")),
            st.lists(inner, min_size=2, max_size=3),
        ),
    ),
    max_leaves=8,
)


def written(condition: Condition) -> str:
    if not condition.operator:
        return condition.task + (f".{condition.result}" if condition.result else "")
    if condition.operator == "!":
        return f"!({written(condition.parts[0])})"
    return "(" + f" {condition.operator} ".join(map(written, condition.parts)) + ")"


@given(conditions, st.tuples(*[st.sampled_from(ENDS)] * 3))
def test_depends_reads_what_was_written(condition: Condition, ends: tuple[str, ...]) -> None:
    read = read_depends(written(condition))
    assert read.condition is not None and not read.problem
    outcome = dict(zip(NAMES, ends, strict=True))
    assert read.condition.holds(outcome) is condition.holds(outcome)
    assert read.tasks == condition.tasks


@given(conditions, st.tuples(*[st.frozensets(st.sampled_from(ENDS), min_size=1)] * 3))
def test_the_values_of_a_condition_are_those_of_all_combinations(
    condition: Condition, ends: tuple[frozenset[str], ...]
) -> None:
    outcomes = dict(zip(NAMES, ends, strict=True))
    combinations = itertools.product(*(sorted(end) for end in ends))
    expected = {condition.holds(dict(zip(NAMES, each, strict=True))) for each in combinations}
    assert condition.results(outcomes) == expected


def test_a_condition_over_many_tasks_is_exact_where_each_stands_in_one_part() -> None:
    names = [f"t{number}" for number in range(30)]
    five_way = " && ".join("(" + " || ".join(f"{name}.{end}" for end in ENDS) + ")" for name in names)
    condition = read_depends(five_way).condition
    assert condition is not None
    every = dict.fromkeys(names, frozenset(ENDS))
    assert condition.results(every) == {True}
    one = read_depends(" && ".join(f"{name}.Succeeded" for name in names)).condition
    assert one is not None and one.results(every) == {True, False}
    assert one.results({**every, "t7": frozenset(("Failed",))}) == {False}


@settings(max_examples=300)
@given(st.text(alphabet="ab1-.?'\"`[](){}|&!= \\\n{}", max_size=40))
def test_no_text_makes_a_reader_fail(text: str) -> None:
    read_depends(text)
    read_expression(text)
    assert all(tag.shown.startswith("{{") for tag in tags_in(text))


@pytest.mark.parametrize("text", ["!" * 5000 + "a", "(" * 5000 + "a" + ")" * 5000])
def test_deep_nesting_is_a_problem_and_no_crash(text: str) -> None:
    assert "deep" in read_depends(text).problem


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("inputs.parameters['a-b'] == 'tasks.x.y'", [("inputs", "parameters", "a-b")]),
        (
            "tasks['a']?.outputs?.parameters?.v ?? tasks.b.status",
            [("tasks", "a", "outputs", "parameters", "v"), ("tasks", "b", "status")],
        ),
        ("map([1], {# * 2}) | len()", [("map",), ("len",)]),
        ("let x = inputs.parameters; x.y", [("inputs", "parameters"), ("x", "y")]),
        ("{a: item.b}", [("item", "b")]),
        ("now().Unix() // inputs.x", [("now",)]),
        ("sprig.sha256sum(toJson(inputs.parameters))", [("sprig", "sha256sum"), ("toJson",), ("inputs", "parameters")]),
    ],
)
def test_an_expression_asks_for_members(text: str, paths: list[tuple[str, ...]]) -> None:
    read = read_expression(text)
    assert [member.path for member in read.members] == paths and not read.problem


@pytest.mark.parametrize(
    ("text", "guarded"),
    [
        ("tasks.a.outputs.parameters.v", False),
        ("tasks['a'].outputs.parameters['v']", False),
        ("tasks['a']?.outputs?.parameters?.v ?? 'null'", True),
        ("(tasks['a'].outputs.parameters.v) ?? 'null'", True),
        ("tasks['a'].status == 'Succeeded' ? tasks['a'].outputs.parameters.v : '0'", True),
        ("tasks.b?.outputs ?? tasks.a.outputs.parameters.v", False),
    ],
)
def test_an_expression_guards_outputs_that_may_be_absent(text: str, guarded: bool) -> None:
    assert read_expression(text).guards("a") is guarded


@pytest.mark.parametrize("text", ["", "(", "a)", "[1}", "'a", "a &&", 'f("x)'])
def test_what_is_no_expression_is_said_to_be_none(text: str) -> None:
    assert read_expression(text).problem


def test_a_tag_ends_at_the_first_closing_braces() -> None:
    tags = list(tags_in("x {{ a.b }} {{={'}}'}}} {{open"))
    assert [(tag.content, tag.is_expression, tag.is_closed) for tag in tags] == [
        ("a.b", False, True),
        ("{'", True, True),
        ("open", False, False),
    ]
