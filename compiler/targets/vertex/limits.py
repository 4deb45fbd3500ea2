"""Sizes and names that Vertex AI Pipelines bears, from Google's documentation and the published client 2.7.0."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milonga.compiler.constructs.execution import executor_of
from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph.quantities import amount, is_quantity
from milonga.compiler.scope import Rule, Scope

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")
_CORES_MAX = 96
_MEMORY_BYTES_MAX = 624 * 10**9


def pipeline_name(scope: Scope) -> Iterator[Diagnostic]:
    """The pipeline's name can begin the id of a job."""
    if scope.name == "root" and not _NAME.fullmatch(scope.graph.name):
        yield scope.finding(
            "E301",
            "target vertex refuses the pipeline's name",
            severity="warning",
            got=scope.graph.name[:160],
            expected="lower case letters, digits and dashes, at most 128",
            hint="@pipeline(name=...)",
        )


def machine_size(scope: Scope) -> Iterator[Diagnostic]:
    """A step fits into the largest machine that Vertex has: 96 cores, 624 GB."""
    for name in scope.tasks:
        executor = executor_of(scope, name)
        wanted = executor.container.resources if executor and executor.container else None
        if wanted is None:
            continue
        for label, text, largest in (
            ("cpu", wanted.resource_cpu_limit, _CORES_MAX),
            ("memory", wanted.resource_memory_limit, _MEMORY_BYTES_MAX),
        ):
            if text and is_quantity(text) and amount(text) > largest:
                yield scope.finding(
                    "E301",
                    f"target vertex has no machine with that much {label}",
                    task=name,
                    severity="warning",
                    got=text,
                    expected="at most 96 cores" if label == "cpu" else "at most 624 GB",
                )


def accelerator_type(scope: Scope) -> Iterator[Diagnostic]:
    """An accelerator is named as Google names it; Kubernetes resource names mean nothing there."""
    for name in scope.tasks:
        executor = executor_of(scope, name)
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


LIMITS: tuple[Rule, ...] = (pipeline_name, machine_size, accelerator_type)
