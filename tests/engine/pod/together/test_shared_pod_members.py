"""Members of a shared pod: many of them, and with names that are no file names."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from milonga import component, pipeline
from milonga.compiler.graph import Graph
from milonga.compiler.trace.tracer import trace

Shared = Callable[..., Any]
NAMES = ["with space", "it's", 'a "quote"', "größe 💃", "{{x}}", "$(HOME)"]


@component
def say(text: str) -> str:
    return text


@pipeline
def two(text: str) -> str:
    return say.options(name="later")(say.options(name="sooner")(text))


@pytest.mark.parametrize("name", NAMES)
def test_a_task_may_be_called_anything_in_a_file(name: str, shared: Shared) -> None:
    """KFP's own files may have such names."""
    text = json.dumps(trace(two).graph.to_documents())
    graph = Graph.from_documents(tuple(json.loads(text.replace('"sooner"', json.dumps(name)))))
    argo = shared(graph)
    run = argo.run({"text": "a"})
    assert run.phase == "Succeeded" and len(run.pods) == 1, run.log
    assert argo.results() == {"Output": "a"} and argo.rows[name]["state"] == "SUCCEEDED"


def _members(count: int) -> Any:
    @pipeline
    def many_members(text: str) -> str:
        made = text
        for number in range(count):
            made = say.options(name=f"step-{number}", cache=False)(made if number % 10 else text)
        return made

    return many_members


@pytest.mark.slow
def test_a_pod_has_200_members(shared: Shared) -> None:
    argo = shared(_members(200))
    run = argo.run({"text": "a"})
    assert run.phase == "Succeeded" and len(run.pods) == 1, run.log[-2000:]
    assert len(argo.rows) == 200 and len(argo.kept) == 200
    assert len(json.dumps(argo.document)) < 500_000
