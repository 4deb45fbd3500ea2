"""One pipeline document that has a bit of everything, and ways to change it."""

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from milonga.compiler.diff import Change, compare
from milonga.compiler.graph import Graph

HERE = Path(__file__).parent
CORPUS = Path(os.environ.get("MILONGA_CONFORMANCE") or HERE.parents[3] / "shared" / "conformance")
FILES = sorted([*CORPUS.glob("kfp-ir/valid/**/*.yaml"), *CORPUS.glob("kfp-ir/kubernetes-platform/**/*.yaml")])

needs_corpus = pytest.mark.skipif(
    not FILES, reason="the shared KFP corpus is not here; MILONGA_CONFORMANCE names its folder"
)

STRING, NUMBER = {"parameterType": "STRING"}, {"parameterType": "NUMBER_INTEGER"}
DATASET = {"artifactType": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}}
CHANNEL = "pipelinechannel--ingest-Output"


def taken(producer: str, key: str = "Output") -> dict[str, Any]:
    return {"taskOutputParameter": {"producerTask": producer, "outputParameterKey": key}}


def constant(value: Any) -> dict[str, Any]:
    return {"runtimeValue": {"constant": value}}


def task(component: str, parameters: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "componentRef": {"name": f"comp-{component}"},
        "cachingOptions": {"enableCache": True},
        **({"inputs": {"parameters": parameters}} if parameters else {}),
        **more,
    }


def step(executor: str, inputs: dict[str, Any] | None = None, output: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "executorLabel": f"exec-{executor}",
        **({"inputDefinitions": {"parameters": inputs}} if inputs else {}),
        "outputDefinitions": {"parameters": {"Output": output or STRING}},
    }


def pipeline() -> dict[str, Any]:
    """ingest → train → (if good) deploy, and a loop; one document and its platform settings under "platforms"."""
    document = {
        "pipelineInfo": {"name": "retrain", "description": "Trains again."},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.14.0",
        "defaultPipelineRoot": "s3://one",
        "root": {
            "inputDefinitions": {"parameters": {"uri": {**STRING, "defaultValue": "s3://data"}, "limit": NUMBER}},
            "outputDefinitions": {"parameters": {"score": STRING}},
            "dag": {
                "outputs": {
                    "parameters": {
                        "score": {
                            "valueFromParameter": {"producerSubtask": "train", "outputParameterKey": "Output"},
                        }
                    }
                },
                "tasks": {
                    "ingest": task("ingest", {"uri": {"componentInputParameter": "uri"}}),
                    "train": task(
                        "train",
                        {"rows": taken("ingest"), "epochs": constant(10)},
                        retryPolicy={"maxRetryCount": 2, "backoffDuration": "1s"},
                    ),
                    "condition-1": task(
                        "condition-1",
                        {CHANNEL: taken("ingest"), "pipelinechannel--limit": {"componentInputParameter": "limit"}},
                        triggerPolicy={
                            "condition": f"int(inputs.parameter_values['{CHANNEL}']) > "
                            "inputs.parameter_values['pipelinechannel--limit']"
                        },
                    ),
                    "for-loop-2": task(
                        "for-loop-2",
                        None,
                        parameterIterator={"itemInput": "pipelinechannel--item", "items": {"raw": "[1, 2]"}},
                        iteratorPolicy={"parallelismLimit": 3},
                    ),
                    "clean": task("clean", dependentTasks=["train"]),
                    "load": task("load"),
                },
            },
        },
        "components": {
            "comp-ingest": step("ingest", {"uri": STRING}),
            "comp-train": step("train", {"rows": STRING, "epochs": {**NUMBER, "defaultValue": 5.0}}),
            "comp-clean": step("clean"),
            "comp-deploy": step("clean", {"rows": STRING}),
            "comp-load": {
                "executorLabel": "exec-load",
                "outputDefinitions": {"artifacts": {"artifact": DATASET}},
            },
            "comp-condition-1": {
                "inputDefinitions": {"parameters": {CHANNEL: STRING, "pipelinechannel--limit": NUMBER}},
                "dag": {"tasks": {"deploy": task("deploy", {"rows": {"componentInputParameter": CHANNEL}})}},
            },
            "comp-for-loop-2": {
                "inputDefinitions": {"parameters": {"pipelinechannel--item": NUMBER}},
                "dag": {
                    "tasks": {"deploy": task("deploy", {"rows": {"componentInputParameter": "pipelinechannel--item"}})}
                },
            },
        },
        "deploymentSpec": {
            "executors": {
                "exec-ingest": {"container": {"image": "python:3.11", "command": ["cat"], "args": ["a b", "c"]}},
                "exec-train": {
                    "container": {
                        "image": "python:3.11",
                        "command": ["fit"],
                        "env": [{"name": "MODE", "value": "fast"}, {"name": "API_TOKEN", "value": "hush"}],
                        "resources": {"resourceMemoryLimit": "2Gi", "resourceCpuLimit": "500m"},
                    }
                },
                "exec-clean": {"container": {"image": "busybox"}},
                "exec-load": {
                    "importer": {"artifactUri": {"constant": "s3://table"}, "typeSchema": DATASET["artifactType"]}
                },
            }
        },
        "platforms": {
            "kubernetes": {
                "deploymentSpec": {"executors": {"exec-train": {"nodeSelector": {"labels": {"disk": "ssd"}}}}},
                "pipelineConfig": {"workspace": {"size": "1Gi"}},
            }
        },
    }
    return json.loads(json.dumps(document))  # nothing in it is the same object as something else


def graph(document: dict[str, Any]) -> Graph:
    first = {key: value for key, value in document.items() if key != "platforms"}
    second = ({"platforms": document["platforms"]},) if document.get("platforms") else ()
    return Graph.from_documents((first, *second))


def part(document: Any, path: str) -> Any:
    """The object at `path`, keys joined by "/"; missing objects are made."""
    for key in filter(None, path.split("/")):
        document = document[int(key)] if isinstance(document, list) else document.setdefault(key, {})
    return document


def put(path: str, value: Any, document: dict[str, Any] | None = None) -> dict[str, Any]:
    """A copy of the pipeline with `value` at `path`; None takes away what is there."""
    copied = copy.deepcopy(document) if document is not None else pipeline()
    folder, _, key = path.rpartition("/")
    holder = part(copied, folder)
    if value is None:
        del holder[int(key) if isinstance(holder, list) else key]
    else:
        holder[int(key) if isinstance(holder, list) else key] = value
    return copied


def found(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Where, kind and text of all changes that count."""
    return [(c.where, c.kind, c.text) for c in compare(graph(before), graph(after)) if not c.quiet]


def shape(changes: tuple[Change, ...]) -> list[tuple[str, str, str, str | None, str | None]]:
    return sorted((c.where, c.kind, c.what, c.before, c.after) for c in changes)  # type: ignore[type-var]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value of a document that holds no other, with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value
