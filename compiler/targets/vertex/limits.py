"""Machines and accelerators that Vertex AI Pipelines has, by Google's documentation and its client 2.7.0."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph.quantities import amount, is_quantity
from milonga.compiler.scope import Rule, Scope

_CORES_MAX = 96
_MEMORY_BYTES_MAX = 624 * 10**9


def machine_size(scope: Scope) -> Iterator[Diagnostic]:
    """A step fits into the largest machine that Vertex has: 96 cores, 624 GB."""
    for name in scope.tasks:
        executor = scope.executor_of(scope.tasks[name])
        wanted = executor.container.resources if executor and executor.container else None
        if wanted is None:
            continue
        for resource, quantity in wanted.limits().items():
            largest = _CORES_MAX if resource == "cpu" else _MEMORY_BYTES_MAX
            if is_quantity(quantity) and amount(quantity) > largest:
                yield scope.finding(
                    "E301",
                    f"target vertex has no machine with that much {resource}",
                    task=name,
                    severity="warning",
                    got=quantity,
                    expected="at most 96 cores" if resource == "cpu" else "at most 624 GB",
                )


def accelerator_type(scope: Scope) -> Iterator[Diagnostic]:
    """An accelerator is named as Google names it; Kubernetes resource names mean nothing there."""
    for name in scope.tasks:
        executor = scope.executor_of(scope.tasks[name])
        wanted = executor.container.resources if executor and executor.container else None
        kind = (wanted.accelerator.resource_type or wanted.accelerator.type) if wanted and wanted.accelerator else None
        if kind and "/" in kind:
            yield scope.finding(
                "E301",
                "target vertex refuses an accelerator by its Kubernetes name",
                task=name,
                severity="warning",
                got=kind,
                expected="a type of Google's, such as NVIDIA_TESLA_T4 or NVIDIA_H100_80GB",
                hint='.options(gpu_type="NVIDIA_TESLA_T4")',
            )


LIMITS: tuple[Rule, ...] = (machine_size, accelerator_type)
