"""What a pod asks for whose tasks ask for different things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from milonga.compiler.graph import Resources
from milonga.compiler.graph.executor import Accelerator
from milonga.compiler.graph.quantities import amount

_ACCELERATORS = "accelerators"


def shared_resources(all_of_them: Iterable[Resources | None]) -> Resources | None:
    """The largest amount of each resource: tasks run at the same time only as far as they fit into that.

    A task that asks for nothing counts for nothing, as it does in a pod of its own on a crowded node.
    """
    known = [found for found in all_of_them if found is not None]
    if not known:
        return None
    limits, requests = (_largest(part(found) for found in known) for part in (Resources.limits, Resources.requests))
    accelerators = [found.accelerator for found in known if found.accelerator is not None]
    return Resources(
        resource_cpu_limit=limits.get("cpu"),
        resource_memory_limit=limits.get("memory"),
        resource_cpu_request=requests.get("cpu"),
        resource_memory_request=requests.get("memory"),
        accelerator=max(accelerators, key=_count) if accelerators else None,
    )


def needs_of(resources: Resources | None) -> dict[str, float]:
    """What a task asks for: cores, bytes and devices."""
    if resources is None:
        return {}
    found = {name: amount(text) for name, text in {**resources.requests(), **resources.limits()}.items()}
    if resources.accelerator is not None:
        found[_ACCELERATORS] = _count(resources.accelerator)
    return found


def _largest(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in parts:
        for resource, text in part.items():
            if resource not in found or amount(text) > amount(found[resource]):
                found[resource] = text
    return found


def _count(accelerator: Accelerator) -> float:
    return float(accelerator.resource_count or accelerator.count or 1)
