"""How a step runs in its pod."""

from __future__ import annotations

from typing import Literal

from milonga.compiler.constructs.python_steps import is_python_step
from milonga.compiler.graph import Component, Graph

StepKind = Literal["python", "container", "importer", "create-claim", "delete-claim", "none"]

_CLAIMS: dict[str, StepKind] = {"argostub/createpvc": "create-claim", "argostub/deletepvc": "delete-claim"}
"""Images that do not exist: KFP's own back end does itself what they stand for."""


def step_kind(graph: Graph, component: Component) -> StepKind:
    """How the step behind a component runs: "none" when it is no step, or one that only Google's back end knows."""
    executor = graph.executors.get(component.executor_label or "")
    if executor is None:
        return "none"
    if executor.importer is not None:
        return "importer"
    if executor.container is None:
        return "none"
    claim = _CLAIMS.get(executor.container.image or "")
    return claim or ("python" if is_python_step(executor.container) else "container")


def writes_plain_text(graph: Graph, component: Component) -> bool:
    """Whether a step's values reach Argo as it has written them, not as JSON."""
    return step_kind(graph, component) in ("container", "create-claim", "delete-claim")
