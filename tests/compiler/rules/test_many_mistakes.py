"""A file with thousands of mistakes is checked in a second or two, and a small one gets a hint at each."""

from collections.abc import Callable

import pytest

from milonga.compiler.graph import Graph
from milonga.compiler.rules import check
from milonga.compiler.spelling import Spelling

MANY = 10_000
TEXT = {"parameterType": "STRING"}
IMAGE = {"container": {"image": f"python@sha256:{'0' * 64}"}}


def graph(tasks: dict, components: dict, executors: dict, platforms: dict | None = None) -> Graph:
    document = {
        "pipelineInfo": {"name": "many"},
        "root": {"dag": {"tasks": tasks}},
        "components": components,
        "deploymentSpec": {"executors": executors},
    }
    return Graph.from_documents((document, {"platforms": platforms}) if platforms else (document,))


def misspelt_components(count: int) -> Graph:
    tasks = {f"t{number}": {"componentRef": {"name": f"comp-nmae-{number}"}} for number in range(count)}
    return graph(tasks, {f"comp-name-{number}": {"executorLabel": "exec"} for number in range(count)}, {"exec": IMAGE})


def misspelt_inputs(count: int) -> Graph:
    given = {f"inptu_{number}": {"runtimeValue": {"constant": "a"}} for number in range(count)}
    declared = {f"input_{number}": {**TEXT, "isOptional": True} for number in range(count)}
    component = {"executorLabel": "exec", "inputDefinitions": {"parameters": declared}}
    task = {"componentRef": {"name": "comp"}, "inputs": {"parameters": given}}
    return graph({"t": task}, {"comp": component}, {"exec": IMAGE})


def misspelt_placeholders(count: int) -> Graph:
    given = {f"input_{number}": {"runtimeValue": {"constant": "a"}} for number in range(count)}
    declared = {"parameters": dict.fromkeys(given, TEXT)}
    arguments = [f"{{{{$.inputs.parameters['inptu_{number}']}}}}" for number in range(count)]
    return graph(
        {"t": {"componentRef": {"name": "comp"}, "inputs": {"parameters": given}}},
        {"comp": {"executorLabel": "exec", "inputDefinitions": declared}},
        {"exec": {"container": {**IMAGE["container"], "args": arguments}}},
    )


def misspelt_settings(count: int) -> Graph:
    settings = {f"secretAsEnvv{number}": 1 for number in range(count)}
    platforms = {"kubernetes": {"deploymentSpec": {"executors": {"exec": settings}}}}
    return graph(
        {"t": {"componentRef": {"name": "comp"}}}, {"comp": {"executorLabel": "exec"}}, {"exec": IMAGE}, platforms
    )


CASES = [
    (misspelt_components, "E210"),
    (misspelt_inputs, "E222"),
    (misspelt_placeholders, "E257"),
    (misspelt_settings, "E267"),
]


@pytest.mark.parametrize(
    ("make", "code"),
    [pytest.param(*case, marks=() if case[1] in ("E257", "E267") else pytest.mark.slow) for case in CASES],
    ids=lambda case: getattr(case, "__name__", case),
)
def test_ten_thousand_misspelt_names_are_all_found(make: Callable[[int], Graph], code: str):
    many = make(MANY)
    findings = [finding for finding in check(many) if finding.code == code]
    assert len(findings) == MANY
    assert any(finding.hint for finding in findings)


@pytest.mark.parametrize(("make", "code"), CASES, ids=lambda case: getattr(case, "__name__", case))
def test_thirty_misspelt_names_have_a_hint_each(make: Callable[[int], Graph], code: str):
    findings = [finding for finding in check(make(30)) if finding.code == code]
    assert len(findings) == 30
    assert all("did you mean" in finding.hint for finding in findings)


def test_the_nearest_name_may_stand_in_any_group_and_the_budget_ends():
    spelling = Spelling(comparisons=5)
    assert spelling.nearest("sede", {"count": 1}, ["seed", "x"]) == "did you mean 'seed'?"
    assert spelling.nearest("qqq", ["b", "a"]) == "there are: a, b"
    assert spelling.nearest("sede", ["seed"]) == ""


def test_names_of_a_million_characters_are_not_compared():
    hint = Spelling().nearest("a" * 1_000_000, ["b" * 1_000_000, "c"])
    assert len(hint) < 200
