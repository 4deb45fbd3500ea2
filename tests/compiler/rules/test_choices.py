"""Choices between branches: complete, exclusive, and values of branches used where there is one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milonga.compiler.cel import evaluate, parse
from milonga.compiler.graph import Graph
from milonga.compiler.rules import check

X = "inputs.parameter_values['x']"
INT = f"int({X})"
STEP = {
    "executorLabel": "exec",
    "inputDefinitions": {"parameters": {"x": {"parameterType": "STRING", "isOptional": True}}},
    "outputDefinitions": {"parameters": {"out": {"parameterType": "STRING"}}},
}
USE = {
    "executorLabel": "exec",
    "inputDefinitions": {"parameters": {"text": {"parameterType": "STRING"}}},
}


def branch(condition: str, component: str = "comp-step", **bindings: dict) -> dict:
    """A task under a condition; `x` comes from the DAG's own `x` unless something else is said."""
    parameters = {"x": {"componentInputParameter": "x"}, **bindings}
    return {
        "componentRef": {"name": component},
        "inputs": {"parameters": parameters},
        **({"triggerPolicy": {"condition": condition}} if condition else {}),
    }


def one_of(*names: str) -> dict:
    picks = [{"producerSubtask": name, "outputParameterKey": "out"} for name in names]
    return {"parameters": {"out": {"valueFromOneof": {"parameterSelectors": picks}}}}


def dag(tasks: dict, kind: str, outputs: dict) -> dict:
    return {
        "inputDefinitions": {"parameters": {"x": {"parameterType": kind}}},
        "outputDefinitions": {"parameters": {"out": {"parameterType": "STRING"}}},
        "dag": {"tasks": tasks, "outputs": outputs},
    }


def pipeline(kind: str, components: dict) -> Graph:
    step = {**STEP, "inputDefinitions": {"parameters": {"x": {"parameterType": kind}}}}
    document = {
        "pipelineInfo": {"name": "p"},
        "schemaVersion": "2.1.0",
        "root": {
            "inputDefinitions": {"parameters": {"x": {"parameterType": kind}}},
            "dag": {
                "tasks": {
                    "choose": branch("", "comp-choose"),
                    "use": {
                        "componentRef": {"name": "comp-use"},
                        "inputs": {
                            "parameters": {
                                "text": {"taskOutputParameter": {"producerTask": "choose", "outputParameterKey": "out"}}
                            }
                        },
                    },
                }
            },
        },
        "components": {"comp-step": step, "comp-use": USE, **components},
        "deploymentSpec": {"executors": {"exec": {"container": {"image": "python:3.11-slim"}}}},
    }
    return Graph.from_documents((document,))


def chosen(kind: str, *conditions: str) -> dict[str, str]:
    """What is found about a choice between branches with these conditions: code → got."""
    tasks = {f"b{number}": branch(condition) for number, condition in enumerate(conditions)}
    components = {"comp-choose": dag(tasks, kind, one_of(*tasks))}
    return {finding.code: finding.got for finding in check(pipeline(kind, components))}


@pytest.mark.parametrize(
    ("kind", "conditions"),
    [
        ("STRING", (f"{X} == 'a'", f"!({X} == 'a')")),
        ("STRING", (f"{X} == 'a'", f"{X} != 'a'")),
        ("STRING", (f"{X} == 'a'", f"{X} == 'b'", f"{X} != 'a' && {X} != 'b'")),
        ("STRING", (f"{X} in ['a', 'b']", f"!({X} in ['a', 'b'])")),
        ("NUMBER_INTEGER", (f"{INT} < 5", f"{INT} >= 5")),
        ("NUMBER_INTEGER", (f"{INT} < 5", f"{INT} > 4")),
        ("NUMBER_INTEGER", (f"{INT} < 5", f"!({INT} < 5) && {INT} > 5", f"!({INT} < 5) && !({INT} > 5)")),
        ("NUMBER_INTEGER", (f"{X} < 5.0", f"{INT} >= 5")),
        ("NUMBER_DOUBLE", (f"{X} <= 0.5", f"{X} > 0.5")),
        ("BOOLEAN", (f"{X} == true", f"{X} == false")),
        ("BOOLEAN", (f"{X}", f"!{X}")),
        ("LIST", (f"'a' in {X}", f"!('a' in {X})")),
        ("STRING", (f"{X} == 'a'", "")),
    ],
)
def test_a_complete_choice_has_no_gap(kind, conditions):
    assert "E241" not in chosen(kind, *conditions)
    if "" not in conditions:
        assert chosen(kind, *conditions) == {}


@pytest.mark.parametrize(
    ("kind", "conditions", "case"),
    [
        ("STRING", (f"{X} == 'a'", f"{X} == 'b'"), '\'x\' is any text but "a", "b"'),
        ("NUMBER_INTEGER", (f"{INT} < 5", f"{INT} > 5"), "'x' is 5"),
        ("NUMBER_DOUBLE", (f"{X} < 5.0", f"{X} > 6.0"), "'x' is 5.0"),
        ("NUMBER_DOUBLE", (f"{X} <= 5.0", f"{X} >= 6.0"), "'x' is 5.5"),
        ("BOOLEAN", (f"{X} == true", f"!(!({X}))"), "'x' is false"),
        ("STRING", (f"{X} == 'a' && false", f"{X} == 'a'"), "'x' is any text but \"a\""),
        ("STRING", ("false", "1 > 2"), "always"),
    ],
)
def test_a_gap_is_shown_by_an_example(kind, conditions, case):
    assert chosen(kind, *conditions)["E241"] == case


@pytest.mark.parametrize(
    ("kind", "conditions", "case"),
    [
        ("STRING", (f"{X} == 'a'", f"{X} == 'a'", f"{X} != 'a'"), "'x' is \"a\": 'b0' and 'b1'"),
        ("NUMBER_INTEGER", (f"{INT} <= 5", f"{INT} >= 5"), "'x' is 5: 'b0' and 'b1'"),
        ("STRING", (f"{X} == 'a'", ""), "'x' is \"a\": 'b0' and 'b1'"),
    ],
)
def test_an_overlap_is_shown_by_an_example(kind, conditions, case):
    assert chosen(kind, *conditions) == {"E242": case}


def test_the_literals_of_an_input_are_all_that_it_can_be():
    conditions = (f"{X} == 'fast'", f"{X} == 'exact'")
    assert "E241" in chosen("STRING", *conditions)
    tasks = {"b0": branch(conditions[0]), "b1": branch(conditions[1])}
    choose = dag(tasks, "STRING", one_of("b0", "b1"))
    choose["inputDefinitions"]["parameters"]["x"]["literals"] = ["fast", "exact"]
    assert check(pipeline("STRING", {"comp-choose": choose})) == ()


@pytest.mark.parametrize(
    "conditions",
    [
        (f"size({X}) > 3", f"size({X}) <= 3"),
        (f"{X}.startsWith('a')", f"!{X}.startsWith('a')"),
        (f"int({X}) == 3", f"int({X}) != 3"),
        ("1 +", f"{X} == 'a'"),
    ],
)
def test_what_cannot_be_decided_is_no_finding_about_the_choice(conditions):
    assert not {"E241", "E242", "E243"} & set(chosen("STRING", *conditions))


def test_a_branch_that_chooses_by_itself_is_looked_into():
    """The outer If has both branches, the inner one misses its Else: there is no value when x is 'b'."""

    def nested(inner: tuple[str, ...]) -> list[tuple[str, str, str]]:
        tasks = {f"i{number}": branch(condition) for number, condition in enumerate(inner)}
        components = {
            "comp-inner": dag(tasks, "STRING", one_of(*tasks)),
            "comp-choose": dag(
                {"first": branch(f"{X} == 'a'"), "second": branch(f"!({X} == 'a')", "comp-inner")},
                "STRING",
                one_of("first", "second"),
            ),
        }
        found = check(pipeline("STRING", components))
        return [(finding.code, finding.path, finding.got) for finding in found]

    assert nested((f"{X} == 'b'", f"{X} != 'b'")) == []
    gaps = nested((f"{X} == 'b'", f"{X} == 'c'"))
    assert ("E241", "comp-choose", '\'x\' is any text but "a", "b", "c"') in gaps
    assert ("E241", "comp-inner", '\'x\' is any text but "b", "c"') in gaps


def test_one_value_under_two_names_is_one_value():
    """Both branches look at the same x, one as 'y': whatever it is, one of them runs."""
    other = branch("!(inputs.parameter_values['pipelinechannel--y'] == 'a')")
    other["inputs"]["parameters"]["pipelinechannel--y"] = {"componentInputParameter": "x"}
    tasks = {"b0": branch(f"{X} == 'a'"), "b1": other}
    assert check(pipeline("STRING", {"comp-choose": dag(tasks, "STRING", one_of("b0", "b1"))})) == ()


def test_a_component_that_holds_itself_ends_the_question():
    tasks = {"b0": branch(f"{X} == 'a'", "comp-choose"), "b1": branch(f"{X} != 'a'")}
    found = check(pipeline("STRING", {"comp-choose": dag(tasks, "STRING", one_of("b0", "b1"))}))
    assert "E269" in {finding.code for finding in found}


def test_many_choices_by_one_value_each_are_quick():
    conditions = [f"{INT} == {number}" for number in range(200)]
    rest = " && ".join(f"{INT} != {number}" for number in range(200))
    assert chosen("NUMBER_INTEGER", *conditions, rest) == {}


ATOMS = st.builds(
    "int(inputs.parameter_values['x']) {} {}".format,
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    st.integers(0, 6),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: (
        st.builds("!({})".format, inner)
        | st.builds("({}) && ({})".format, inner, inner)
        | st.builds("({}) || ({})".format, inner, inner)
    ),
    max_leaves=4,
)


@given(st.lists(CONDITIONS, min_size=2, max_size=4))
@settings(max_examples=80, deadline=None)
def test_the_verdict_is_that_of_trying_every_number(conditions):
    trees = [parse(condition) for condition in conditions]
    opened = [
        sum(evaluate(tree, {"inputs": {"parameter_values": {"x": float(number)}}}) for tree in trees)
        for number in range(-3, 12)
    ]
    found = chosen("NUMBER_INTEGER", *conditions)
    assert ("E241" in found) == (0 in opened)
    assert ("E242" in found) == (max(opened) > 1)


def beside(consumer: dict, kind: str = "STRING") -> set[str]:
    """Findings when `consumer` stands beside a task under a condition and takes its output."""
    text = {"taskOutputParameter": {"producerTask": "make", "outputParameterKey": "out"}}
    taker = {"componentRef": {"name": "comp-use"}, "inputs": {"parameters": {"text": text}}, **consumer}
    graph = pipeline(kind, {"comp-choose": dag({"make": branch(f"{X} == 'a'"), "take": taker}, kind, OUT)})
    return {finding.code for finding in check(graph) if finding.path.startswith("comp-choose/take")}


OUT = {"parameters": {"out": {"valueFromParameter": {"producerSubtask": "make", "outputParameterKey": "out"}}}}


def test_a_value_of_a_branch_is_used_under_a_condition_or_by_who_can_do_without():
    assert beside({}) == {"E240"}
    assert beside({"triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}}) == set()
    use = {"text": {"taskOutputParameter": {"producerTask": "make", "outputParameterKey": "out"}}}
    guarded = {**use, "pipelinechannel--x": {"componentInputParameter": "x"}}
    condition = "inputs.parameter_values['pipelinechannel--x'] == 'a'"
    assert beside({"inputs": {"parameters": guarded}, "triggerPolicy": {"condition": condition}}) == set()


def test_a_value_that_leaves_a_branch_through_a_border_is_found_as_well():
    components = {"comp-choose": dag({"make": branch(f"{X} == 'a'")}, "STRING", OUT)}
    (finding,) = check(pipeline("STRING", components))
    assert (finding.code, finding.severity, finding.path) == ("E240", "warning", "root/use")
