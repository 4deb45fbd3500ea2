"""What KFP's open-source back end does with constructs of its own IR, as read in its source and seen on a cluster.

Each entry is a rule over one DAG. Sources: kubeflow/pipelines at 7b70c7b95f, `backend/src/v2/compiler/argocompiler`,
and runs on a real back end in November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.rules.base import Rule, Scope


def artifact_iterators(scope: Scope) -> Iterator[Diagnostic]:
    """A loop over artifacts: the server answers "artifact iterator not implemented yet"."""
    for name, task in scope.tasks.items():
        if task.artifact_iterator is not None:
            yield scope.finding(
                "E301",
                "target kfp: its back end refuses a loop over artifacts at submission",
                task=name,
                severity="warning",
                hint="loop over a list of parameters that name the artifacts",
            )


def conditions_on_importers(scope: Scope) -> Iterator[Diagnostic]:
    """A condition directly on an importer is a compile error of the server."""
    for name, task in scope.tasks.items():
        component = scope.used(task)
        executor = scope.graph.executors.get((component.executor_label if component else None) or "")
        if (
            executor is not None
            and executor.importer is not None
            and task.trigger_policy
            and task.trigger_policy.condition
        ):
            yield scope.finding(
                "E302", "target kfp: its back end refuses a condition on an importer", task=name, severity="warning"
            )


def root_artifacts(scope: Scope) -> Iterator[Diagnostic]:
    """An artifact as input of the pipeline fails in the driver."""
    if scope.name == "root":
        for name in scope.component.input_artifacts:
            yield scope.finding(
                "E303",
                f"target kfp: its back end fails on the pipeline's input artifact '{name}'",
                severity="warning",
                hint="take a URI as a str and import it with ml.importer",
            )


def loops_over_parts(scope: Scope) -> Iterator[Diagnostic]:
    """A loop over a part of a value: the driver answers "parameter expression selector … value not found in inputs"."""
    for name, task in scope.tasks.items():
        items = task.parameter_iterator.items if task.parameter_iterator else None
        binding = task.parameter_bindings.get((items.input_parameter if items else None) or "")
        if binding is not None and binding.parameter_expression_selector:
            yield scope.finding(
                "E304",
                "target kfp: its back end fails on a loop over a part of a value",
                task=name,
                severity="warning",
                hint="let a component return the list itself",
            )


CAPABILITIES: tuple[Rule, ...] = (artifact_iterators, conditions_on_importers, root_artifacts, loops_over_parts)
