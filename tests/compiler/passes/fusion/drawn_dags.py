"""Graphs of tasks for the laws of fusion: drawn, not traced, so that they may be stranger than what authors write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from milonga.compiler.graph import Graph
from milonga.compiler.graph.together import with_marks
from milonga.runtime.program import MARKER

COMMAND = ["python3", "-c", MARKER]
IMAGES = ("python:3.11", "python:3.12")
_KINDS = ("step", "step", "step", "other image", "resources", "container", "setting", "importer", "pipeline", "inner")
_COMPONENTS: Mapping[str, str] = {
    "step": "comp-step",
    "other image": "comp-other",
    "resources": "comp-large",
    "container": "comp-container",
    "setting": "comp-setting",
    "importer": "comp-importer",
    "pipeline": "comp-pipeline",
    "inner": "comp-inner",
}


def container(image: str, command: list[str], **more: Any) -> dict[str, Any]:
    return {"container": {"image": image, "command": command, **more}}


def graph_of(tasks: Mapping[str, Any], inner: Mapping[str, Any] | None = None) -> Graph:
    """A graph with these tasks, and these in the pipeline inside of it."""
    document = {
        "pipelineInfo": {"name": "drawn"},
        "schemaVersion": "2.1.0",
        "root": {"dag": {"tasks": dict(tasks)}},
        "components": {
            "comp-step": {"executorLabel": "exec-step"},
            "comp-other": {"executorLabel": "exec-other"},
            "comp-large": {"executorLabel": "exec-large"},
            "comp-container": {"executorLabel": "exec-container"},
            "comp-setting": {"executorLabel": "exec-setting"},
            "comp-importer": {"executorLabel": "exec-importer"},
            "comp-inner": {"dag": {"tasks": {"only": {"componentRef": {"name": "comp-step"}}}}},
            "comp-pipeline": {"dag": {"tasks": dict(inner or {"a": {"componentRef": {"name": "comp-step"}}})}},
        },
        "deploymentSpec": {
            "executors": {
                "exec-step": container(IMAGES[0], COMMAND),
                "exec-other": container(IMAGES[1], COMMAND),
                "exec-large": container(IMAGES[0], COMMAND, resources={"resourceCpuLimit": "2"}),
                "exec-container": container(IMAGES[0], ["echo", "x"]),
                "exec-setting": container(IMAGES[0], COMMAND),
                "exec-importer": {"importer": {"artifactUri": {"constant": "s3://b/k"}}},
            }
        },
    }
    setting = {"tolerations": [{"key": "a", "operator": "Exists"}]}
    platforms = {
        "platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec-setting": setting}}}},
    }
    return Graph.from_documents((document, platforms))


@st.composite
def tasks_drawn(draw: st.DrawFn, *, sizes: tuple[int, int] = (1, 9), anyway: bool = True) -> dict[str, Any]:
    """Tasks that wait for earlier ones."""
    made: dict[str, Any] = {}
    count = draw(st.integers(*sizes))
    has_anyway = anyway and draw(st.integers(0, 3)) == 0
    for number in range(count):
        name, kind = f"t{number}", draw(st.sampled_from(_KINDS))
        task: dict[str, Any] = {"componentRef": {"name": _COMPONENTS[kind]}}
        before = draw(st.lists(st.sampled_from(sorted(made)), max_size=3, unique=True)) if made else []
        if before:
            task["dependentTasks"] = before
        if draw(st.integers(0, 4)) == 0:
            task["triggerPolicy"] = {"condition": "1 == 1"}
        elif has_anyway and draw(st.booleans()):
            task["triggerPolicy"] = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
        if draw(st.integers(0, 4)) == 0:
            task["parameterIterator"] = {"items": {"raw": "[1, 2]"}, "itemInput": "x"}
        if draw(st.integers(0, 5)) == 0:
            task["retryPolicy"] = {"maxRetryCount": 2}
        made[name] = task
    return made


@st.composite
def graphs(draw: st.DrawFn, *, marked: bool = True) -> Graph:
    """A graph, maybe with marks of its author's; these may be such as no target accepts."""
    graph = graph_of(draw(tasks_drawn()), draw(tasks_drawn(sizes=(1, 4))))
    if not marked or draw(st.booleans()):
        return graph
    marks = {
        name: {
            task: group
            for task in (component.dag.tasks if component.dag else None) or {}
            if (group := draw(st.sampled_from(["", "", "", "mine", "pod-1"])))
        }
        for name, component in graph.dags()
    }
    return with_marks(graph, marks)
