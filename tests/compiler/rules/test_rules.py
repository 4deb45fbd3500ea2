"""Each rule: a graph that breaks it gives its finding, the repaired graph gives none."""

import copy
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from milonga.compiler.graph import Graph
from milonga.compiler.rules import RULES, check, expressions, structure, wiring

DATASET = {"artifactType": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}}
MODEL = {"artifactType": {"schemaTitle": "system.Model", "schemaVersion": "0.0.1"}}

RIGHT = {
    "pipelineInfo": {"name": "p"},
    "schemaVersion": "2.1.0",
    "root": {
        "inputDefinitions": {"parameters": {"count": {"parameterType": "NUMBER_INTEGER"}}},
        "dag": {
            "tasks": {
                "make": {
                    "componentRef": {"name": "comp-make"},
                    "inputs": {"parameters": {"count": {"componentInputParameter": "count"}}},
                },
                "use": {
                    "componentRef": {"name": "comp-use"},
                    "dependentTasks": ["make"],
                    "inputs": {
                        "parameters": {
                            "ratio": {"taskOutputParameter": {"producerTask": "make", "outputParameterKey": "whole"}},
                            "pipelinechannel--make-whole": {
                                "taskOutputParameter": {"producerTask": "make", "outputParameterKey": "whole"}
                            },
                        },
                        "artifacts": {
                            "data": {"taskOutputArtifact": {"producerTask": "make", "outputArtifactKey": "data"}}
                        },
                    },
                    "triggerPolicy": {"condition": "inputs.parameter_values['pipelinechannel--make-whole'] > 1.0"},
                },
                "each": {
                    "componentRef": {"name": "comp-each"},
                    "parameterIterator": {"items": {"raw": "[1]"}, "itemInput": "item"},
                },
            }
        },
    },
    "components": {
        "comp-make": {
            "executorLabel": "exec",
            "inputDefinitions": {"parameters": {"count": {"parameterType": "NUMBER_INTEGER"}}},
            "outputDefinitions": {
                "parameters": {"whole": {"parameterType": "NUMBER_INTEGER"}, "text": {"parameterType": "STRING"}},
                "artifacts": {"data": DATASET, "model": MODEL},
            },
        },
        "comp-use": {
            "executorLabel": "exec",
            "inputDefinitions": {
                "parameters": {
                    "ratio": {"parameterType": "NUMBER_DOUBLE"},
                    "mode": {"parameterType": "STRING", "defaultValue": "fast"},
                    "note": {"parameterType": "STRING", "defaultValue": None, "isOptional": True},
                },
                "artifacts": {"data": DATASET, "extra": {**DATASET, "isOptional": True}},
            },
        },
        "comp-each": {
            "inputDefinitions": {"parameters": {"item": {"parameterType": "NUMBER_INTEGER"}}},
            "dag": {
                "tasks": {
                    "inner": {
                        "componentRef": {"name": "comp-make"},
                        "inputs": {"parameters": {"count": {"componentInputParameter": "item"}}},
                    }
                }
            },
        },
    },
    "deploymentSpec": {"executors": {"exec": {"container": {"image": "python:3.11-slim"}}}},
}


def use(document: dict) -> dict:
    return document["root"]["dag"]["tasks"]["use"]


def inner(document: dict) -> dict:
    return document["components"]["comp-each"]["dag"]["tasks"]["inner"]


ITEM = {"parameters": {"item": {"componentInputParameter": "item"}}}


@dataclass(frozen=True)
class Broken:
    """A change that breaks a right graph, and the finding that names it."""

    rule: Callable
    code: str
    where: str
    change: Callable[[dict], object]
    message: str = ""
    hint: str = ""
    got: str = ""


BROKEN = [
    Broken(structure.has_tasks, "E149", "root", lambda d: d["root"].update(dag={"tasks": {}})),
    Broken(
        structure.root_is_the_pipeline,
        "E270",
        "root/use",
        lambda d: (
            d["components"].update(root=d["components"].pop("comp-use")),
            use(d)["componentRef"].update(name="root"),
        ),
        message="'root'",
        hint="reserved",
    ),
    Broken(
        structure.components_exist,
        "E210",
        "root/use",
        lambda d: use(d).update(componentRef={"name": "comp-usee"}),
        message="'comp-usee'",
        hint="did you mean 'comp-use'?",
    ),
    Broken(structure.components_exist, "E210", "root/use", lambda d: use(d).pop("componentRef")),
    Broken(
        structure.executors_exist,
        "E212",
        "root/use",
        lambda d: d["components"]["comp-use"].update(executorLabel="exek"),
        hint="did you mean 'exec'?",
    ),
    Broken(structure.executors_exist, "E212", "root/use", lambda d: d["components"]["comp-use"].pop("executorLabel")),
    Broken(
        structure.producers_exist,
        "E211",
        "root/use",
        lambda d: use(d).update(dependentTasks=["mak"]),
        message="'mak'",
        hint="did you mean 'make'?",
    ),
    Broken(
        structure.no_cycles,
        "E143",
        "root/",
        lambda d: d["root"]["dag"]["tasks"]["make"].update(dependentTasks=["use"]),
        got=" → ",
    ),
    Broken(
        structure.components_end,
        "E269",
        "root/each",
        lambda d: inner(d).update(componentRef={"name": "comp-each"}, inputs=ITEM),
        got="comp-each → comp-each",
    ),
    Broken(
        wiring.required_inputs_are_bound,
        "E221",
        "root/use",
        lambda d: use(d)["inputs"]["parameters"].pop("ratio"),
        message="'ratio'",
    ),
    Broken(
        wiring.required_inputs_are_bound,
        "E221",
        "root/use",
        lambda d: use(d)["inputs"]["artifacts"].pop("data"),
        message="artifact 'data'",
    ),
    Broken(
        wiring.bindings_have_inputs,
        "E222",
        "root/use",
        lambda d: use(d)["inputs"]["parameters"].update(moed={"runtimeValue": {"constant": "x"}}),
        message="'moed'",
        hint="did you mean 'mode'?",
    ),
    Broken(
        wiring.bindings_have_inputs,
        "E222",
        "root/use",
        lambda d: use(d)["inputs"]["artifacts"].update(
            dat={"taskOutputArtifact": {"producerTask": "make", "outputArtifactKey": "data"}}
        ),
        message="artifact 'dat'",
        hint="did you mean 'data'?",
    ),
    Broken(
        wiring.bindings_have_one_source,
        "E231",
        "root/use",
        lambda d: use(d)["inputs"]["parameters"]["ratio"].update(runtimeValue={"constant": 1}),
        message="several sources",
        got="taskOutputParameter, runtimeValue",
    ),
    Broken(
        wiring.bindings_have_one_source,
        "E231",
        "root/use",
        lambda d: use(d)["inputs"]["artifacts"].update(extra={}),
        message="artifact 'extra' has no source",
    ),
    Broken(
        wiring.values_are_on_their_side,
        "E232",
        "root/use",
        lambda d: use(d)["inputs"]["parameters"].update(extra={"runtimeValue": {"constant": 1}}),
        message="'extra' is an artifact, and gets a parameter",
    ),
    Broken(
        wiring.values_are_on_their_side,
        "E232",
        "root/use",
        lambda d: use(d)["inputs"]["parameters"]["ratio"]["taskOutputParameter"].update(outputParameterKey="data"),
        message="'ratio' takes what is no parameter",
        got="'data', an artifact",
    ),
    Broken(
        wiring.constants_are_of_their_type,
        "E113",
        "root/use",
        lambda d: use(d)["inputs"]["parameters"].update(ratio={"runtimeValue": {"constant": "half"}}),
        message="'ratio'",
        got="str",
    ),
    Broken(
        wiring.sources_exist,
        "E223",
        "root/use",
        lambda d: use(d)["inputs"]["parameters"]["ratio"]["taskOutputParameter"].update(outputParameterKey="hole"),
        message="output 'hole' of 'make'",
    ),
    Broken(
        wiring.sources_exist,
        "E223",
        "root/use",
        lambda d: use(d)["inputs"]["artifacts"]["data"]["taskOutputArtifact"].update(outputArtifactKey="dat"),
        message="output artifact 'dat' of 'make'",
    ),
    Broken(
        wiring.sources_exist,
        "E223",
        "root/use",
        lambda d: use(d)["inputs"]["parameters"].update(mode={"componentInputParameter": "mood"}),
        message="input parameter 'mood' of 'root'",
    ),
    Broken(
        wiring.sources_exist,
        "E223",
        "comp-each/inner",
        lambda d: inner(d)["inputs"]["parameters"].update(count={"componentInputParameter": "itm"}),
        message="of 'comp-each'",
    ),
    Broken(
        wiring.sources_exist,
        "E223",
        "root/use",
        lambda d: use(d)["inputs"]["artifacts"].update(extra={"componentInputArtifact": "none"}),
        message="input artifact 'none'",
    ),
    Broken(
        wiring.parameter_types_agree,
        "E113",
        "root/use",
        lambda d: use(d)["inputs"]["parameters"]["ratio"]["taskOutputParameter"].update(outputParameterKey="text"),
        message="'ratio'",
        got="str",
    ),
    Broken(
        wiring.parameter_types_agree,
        "E113",
        "root/make",
        lambda d: d["root"]["inputDefinitions"]["parameters"].update(count={"parameterType": "NUMBER_DOUBLE"}),
        got="float",
    ),
    Broken(
        wiring.artifact_types_agree,
        "E114",
        "root/use",
        lambda d: use(d)["inputs"]["artifacts"]["data"]["taskOutputArtifact"].update(outputArtifactKey="model"),
        got="system.Model",
    ),
    Broken(
        expressions.conditions_are_cel,
        "E",
        "root/use",
        lambda d: use(d).update(triggerPolicy={"condition": "1 +"}),
        message="no CEL",
        got="1 +",
    ),
    Broken(
        expressions.conditions_are_cel,
        "E224",
        "root/use",
        lambda d: use(d).update(triggerPolicy={"condition": "inputs.parameter_values['other'] == 1"}),
        message="'other'",
    ),
    Broken(
        expressions.selectors_are_cel,
        "E",
        "root/use",
        lambda d: use(d)["inputs"]["parameters"]["ratio"].update(
            parameterExpressionSelector='parseJson(string_value)["a"',
            taskOutputParameter={"producerTask": "make", "outputParameterKey": "text"},
        ),
        message="'ratio'",
    ),
]


def graph(change: Callable[[dict], object] = lambda _: None) -> Graph:
    document = copy.deepcopy(RIGHT)
    change(document)
    return Graph.from_documents((document,))


def test_a_right_graph_has_no_finding():
    assert check(graph()) == ()


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.rule.__name__}-{broken.code}-{broken.where}")
def test_a_broken_graph_gives_its_finding_and_no_other(broken):
    (finding,) = check(graph(broken.change))
    assert finding.code.startswith(broken.code)
    assert finding.severity == "error"
    assert finding.where.startswith(broken.where)
    assert broken.message in finding.message
    assert broken.hint in finding.hint
    assert broken.got in finding.got


def test_every_rule_is_broken_above():
    groups = ("structure", "wiring", "expressions")  # the others: wrong_programs/
    assert {broken.rule for broken in BROKEN} == {rule for group in groups for rule in RULES[group]}


def test_every_code_of_the_rules_is_in_a_case_above():
    written = {
        code
        for module in (structure, wiring, expressions)
        for code in re.findall(r'"(E\d+)"', inspect.getsource(module))
    }
    assert written == {broken.code for broken in BROKEN if len(broken.code) > 1}


def test_all_findings_come_at_once_sorted_by_place():
    def change(document: dict) -> None:
        for code in ("E211", "E221", "E222"):
            next(broken for broken in BROKEN if broken.code == code).change(document)

    findings = check(graph(change))
    assert [finding.code for finding in findings] == sorted(finding.code for finding in findings)
    assert {finding.code for finding in findings} == {"E211", "E221", "E222"}


@pytest.mark.parametrize(
    "change",
    [
        lambda d: use(d)["inputs"]["parameters"].update(note={"runtimeValue": {"constant": None}}),
        lambda d: use(d)["inputs"]["parameters"].update({"pipelinechannel--x": {"componentInputParameter": "count"}}),
        lambda d: use(d)["inputs"]["parameters"].update(
            limit={"runtimeValue": {"constant": "{{$.inputs.parameters['pipelinechannel--make-whole']}}"}}
        ),
        lambda d: d["components"]["comp-use"]["inputDefinitions"]["artifacts"].update(
            data={"artifactType": {"schemaTitle": "system.Artifact"}}
        ),
    ],
    ids=["a null", "a channel", "a placeholder of kfp", "any artifact"],
)
def test_what_is_allowed_gives_no_finding(change):
    assert check(graph(change)) == ()


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.rule.__name__}-{broken.code}-{broken.where}")
def test_no_rule_raises_on_a_graph_that_is_broken_twice(broken):
    for other in BROKEN:

        def change(document: dict, other: Broken = other) -> None:
            broken.change(document)
            try:
                other.change(document)
            except (KeyError, AttributeError):
                return

        check(graph(change))
