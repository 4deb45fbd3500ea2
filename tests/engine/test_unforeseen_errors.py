"""An error that nobody foresaw is the error of the task that it came up in: the run goes on and ends in order."""

from __future__ import annotations

import pytest

from milonga.compiler.graph import Graph


def graph_of_steps(*, is_loop: bool) -> Graph:
    """One container, or an iterator directly on it, with a setting whose form nothing checks."""
    task = {
        "taskInfo": {"name": "box"},
        "componentRef": {"name": "comp-box"},
        "inputs": {"parameters": {"item": {"runtimeValue": {"constant": "x"}}}},
    }
    if is_loop:
        task["inputs"] = {"parameters": {}}
        task["parameterIterator"] = {"items": {"raw": '["a", "b"]'}, "itemInput": "item"}
    document = {
        "pipelineInfo": {"name": "boxes"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "test",
        "root": {"dag": {"tasks": {"box": task}}},
        "components": {
            "comp-box": {
                "executorLabel": "exec-box",
                "inputDefinitions": {"parameters": {"item": {"parameterType": "STRING"}}},
            }
        },
        "deploymentSpec": {"executors": {"exec-box": {"container": {"image": "busybox", "command": ["true"]}}}},
    }
    settings = {
        "fieldPathAsEnv": [{"name": "LABEL", "fieldPath": "metadata.labels['a']"}],
        "podMetadata": {"labels": "a=b"},  # a text where a map should be
    }
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec-box": settings}}}}}
    return Graph.from_documents((document, platform))


def test_a_step(play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MILONGA_DEBUG", raising=False)
    result = play(graph_of_steps(is_loop=False))
    assert result.state == "FAILED" and result.tasks["box"].error["code"] == "E990"


def test_every_iteration_of_a_step(play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MILONGA_DEBUG", raising=False)
    result = play(graph_of_steps(is_loop=True))
    assert result.state == "FAILED" and result.run.error["task"] == "box[0]"
    errors = {path: (task.state, task.error["code"]) for path, task in result.tasks.items()}
    assert errors == dict.fromkeys(("box", "box[0]", "box[1]"), ("FAILED", "E990"))
