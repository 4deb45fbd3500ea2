"""What the main container may use and needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from milonga.compiler.graph.executor import Accelerator
from milonga.compiler.targets.argo.pod.constants import quantity, whole
from milonga.compiler.targets.argo.pod.refusals import refused
from milonga.compiler.targets.argo.pod.runtime_value import RuntimeValue
from milonga.compiler.targets.argo.pod.step import Step
from milonga.compiler.targets.argo.pod.text import expression_text
from milonga.compiler.targets.argo.pod.trees import expression_of


def resources_of(step: Step) -> dict[str, Any]:
    """Limits and requests of cpu and memory, and the accelerators, which are limits.

    Raises:
        UnsupportedByTarget: E315, a quantity or an accelerator that Kubernetes does not know.
    """
    resources = step.container.resources
    if resources is None:
        return {}
    limits = [*_amounts(step, resources.limits()), *_accelerators(step, resources.accelerator)]
    requests = list(_amounts(step, resources.requests()))
    return {part: _map(pairs) for part, pairs in (("limits", limits), ("requests", requests)) if pairs}


def _amounts(step: Step, quantities: Mapping[str, str]) -> Iterator[tuple[Any, Any]]:
    for resource, text in quantities.items():
        amount = step.filled(text, f"{resource} of resources")
        if isinstance(amount, RuntimeValue):
            yield resource, amount
        elif amount:
            yield resource, quantity(amount, f"{resource} of resources")


def _accelerators(step: Step, accelerator: Accelerator | None) -> Iterator[tuple[Any, Any]]:
    if accelerator is None:
        return
    kind = step.filled(accelerator.resource_type or accelerator.type or "", "type of an accelerator")
    count = step.filled(accelerator.resource_count or str(whole(accelerator.count or 1)), "number of accelerators")
    if isinstance(kind, str) and "/" not in kind:
        raise refused(
            "accelerator",
            "nodes of Kubernetes offer no such device" if kind else "it is not said of which type",
            got=kind,
            expected="a name with a slash, such as nvidia.com/gpu",
            hint="name the resource that the nodes' device plugin offers, and choose the model with a node selector",
        )
    if kind is None or count is None:
        return
    yield kind, count if isinstance(count, RuntimeValue) else quantity(count, "number of accelerators")


def _map(pairs: list[tuple[Any, Any]]) -> Any:
    """A map, as an expression when a key is a value of the run."""
    if all(isinstance(key, str) for key, _ in pairs):
        return dict(pairs)
    texts = (f"{_key(key)}: {expression_of(item)}" for key, item in pairs)
    return RuntimeValue("{" + ", ".join(texts) + " }")


def _key(key: Any) -> str:
    return expression_of(key) if isinstance(key, RuntimeValue) else expression_text(key)
