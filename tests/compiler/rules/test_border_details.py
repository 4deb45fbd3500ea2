"""Lists and single values across borders: where kfp's own files say two things, a rule says nothing."""

import copy

import pytest

from milonga.compiler.graph import Graph
from milonga.compiler.rules import check

DATASET = {"artifactType": {"schemaTitle": "system.Dataset"}}
MANY = {**DATASET, "isArtifactList": True}
LOOPED = {"taskOutputArtifact": {"producerTask": "loop", "outputArtifactKey": "data"}}
UNUSED = ("E238", "comp-loop")
NUMBERS = "root.inputDefinitions.parameters.numbers.parameterType"
RIGHT = {
    "pipelineInfo": {"name": "p"},
    "schemaVersion": "2.1.0",
    "root": {
        "inputDefinitions": {"parameters": {"numbers": {"parameterType": "LIST"}}},
        "dag": {
            "tasks": {
                "loop": {
                    "componentRef": {"name": "comp-loop"},
                    "inputs": {"parameters": {"numbers": {"componentInputParameter": "numbers"}}},
                    "parameterIterator": {"items": {"inputParameter": "numbers"}, "itemInput": "item"},
                },
                "gather": {
                    "componentRef": {"name": "comp-gather"},
                    "inputs": {
                        "artifacts": {
                            "all": {"taskOutputArtifact": {"producerTask": "loop", "outputArtifactKey": "data"}}
                        }
                    },
                },
            }
        },
    },
    "components": {
        "comp-loop": {
            "inputDefinitions": {
                "parameters": {"numbers": {"parameterType": "LIST"}, "item": {"parameterType": "NUMBER_INTEGER"}}
            },
            "outputDefinitions": {"artifacts": {"data": MANY}},
            "dag": {
                "tasks": {
                    "group": {
                        "componentRef": {"name": "comp-group"},
                        "inputs": {"parameters": {"item": {"componentInputParameter": "item"}}},
                    },
                    "use": {
                        "componentRef": {"name": "comp-use"},
                        "inputs": {
                            "artifacts": {
                                "one": {"taskOutputArtifact": {"producerTask": "group", "outputArtifactKey": "data"}}
                            }
                        },
                    },
                },
                "outputs": {
                    "artifacts": {
                        "data": {"artifactSelectors": [{"producerSubtask": "group", "outputArtifactKey": "data"}]}
                    }
                },
            },
        },
        "comp-group": {
            "inputDefinitions": {"parameters": {"item": {"parameterType": "NUMBER_INTEGER"}}},
            "outputDefinitions": {"artifacts": {"data": DATASET}},
            "dag": {
                "tasks": {
                    "make": {
                        "componentRef": {"name": "comp-make"},
                        "inputs": {"parameters": {"item": {"componentInputParameter": "item"}}},
                    }
                },
                "outputs": {
                    "artifacts": {
                        "data": {"artifactSelectors": [{"producerSubtask": "make", "outputArtifactKey": "data"}]}
                    }
                },
            },
        },
        "comp-make": {
            "executorLabel": "exec",
            "inputDefinitions": {"parameters": {"item": {"parameterType": "NUMBER_INTEGER"}}},
            "outputDefinitions": {"artifacts": {"data": DATASET}},
        },
        "comp-use": {"executorLabel": "exec", "inputDefinitions": {"artifacts": {"one": DATASET}}},
        "comp-gather": {"executorLabel": "exec", "inputDefinitions": {"artifacts": {"all": MANY}}},
    },
    "deploymentSpec": {"executors": {"exec": {"container": {"image": "python:3.11-slim"}}}},
}


def found(*changes: tuple[str, object]) -> list[tuple[str, str]]:
    """Code and path of what is found after setting values at dotted paths."""
    document = copy.deepcopy(RIGHT)
    for path, value in changes:
        *way, last = path.split(".")
        holder = document
        for key in way:
            holder = holder[key]
        if value is None:
            del holder[last]
        else:
            holder[last] = value
    return [(finding.code, finding.path) for finding in check(Graph.from_documents((document,)))]


def test_a_loop_collects_what_its_body_makes():
    assert found() == []


def test_a_group_in_a_loop_may_declare_the_list_that_the_loop_makes():
    """kfp writes what a branch in a loop makes as a list if it is collected: a sibling still takes one of it."""
    assert found(("components.comp-group.outputDefinitions.artifacts.data", MANY)) == []


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("components.comp-gather.inputDefinitions.artifacts.all", DATASET, [("E233", "root/gather")]),
        ("components.comp-loop.outputDefinitions.artifacts.data", DATASET, [("E237", "comp-loop/group")]),
        ("components.comp-use.inputDefinitions.artifacts.one", MANY, []),
        ("components.comp-make.outputDefinitions.artifacts.data", MANY, [("E237", "comp-group/make")]),
        (
            "root.inputDefinitions.parameters.numbers.parameterType",
            "BOOLEAN",
            [("E113", "root/loop"), ("E244", "root/loop")],
        ),
        ("root.dag.tasks.loop.parameterIterator.items", {}, [UNUSED, ("E244", "root/loop")]),
        ("root.dag.tasks.loop.parameterIterator.items.inputParameter", "nubmers", [UNUSED, ("E244", "root/loop")]),
        ("root.dag.tasks.loop.parameterIterator.items.raw", "[1]", [("E244", "root/loop")]),
        ("root.dag.tasks.loop.iteratorPolicy", {"parallelismLimit": 0}, []),
    ],
)
def test_a_list_for_one_or_one_for_a_list_is_found(path, value, expected):
    assert found((path, value)) == expected


def test_a_loop_over_artifacts_goes_over_a_list():
    iterator = {"items": {"inputArtifact": "all"}, "itemInput": "one"}
    body = {"executorLabel": "exec", "inputDefinitions": {"artifacts": {"all": MANY, "one": DATASET}}}
    changes = (("components.comp-gather", body), ("root.dag.tasks.gather.artifactIterator", iterator))
    assert found(*changes) == []
    single = ("components.comp-gather.inputDefinitions.artifacts.all", DATASET)
    assert [code for code, _ in found(*changes, single)] == ["E233", "E244"]
