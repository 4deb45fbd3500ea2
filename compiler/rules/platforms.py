"""Whether the second document, the settings of Kubernetes, says things that Kubernetes understands about steps that
exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import wire
from milonga.compiler.rules.platform_fields import EXECUTOR_FIELDS, PIPELINE_FIELDS
from milonga.compiler.rules.platform_values import Problem, problems_of
from milonga.compiler.rules.unused import input_names
from milonga.compiler.scope import Finding, Scope

_KUBERNETES = "kubernetes"


def settings_have_executors(scope: Scope) -> Iterator[Diagnostic]:
    """Settings of a platform are those of an executor that exists."""
    if not scope.is_root:
        return
    for platform, settings in (scope.graph.platforms or {}).items():
        executors = (settings.deployment_spec.executors if settings.deployment_spec is not None else None) or {}
        for label in executors:
            if label not in scope.graph.executors:
                yield scope.finding(
                    "E266",
                    f"platform '{platform}' has settings for executor '{label}', which does not exist",
                    hint=scope.nearest(label, scope.graph.executors),
                )


def settings_are_known(scope: Scope) -> Iterator[Diagnostic]:
    """A field of the Kubernetes settings is one that KFP has; it ignores or refuses others."""
    for _, settings, finding in _settings(scope):
        for path, name, known in _unknown(settings, EXECUTOR_FIELDS, ""):
            yield finding(
                "E267",
                f"Kubernetes settings have no field '{path}'",
                severity="warning",
                hint=scope.nearest(name, known),
            )
    platform = (scope.graph.platforms or {}).get(_KUBERNETES)
    if scope.is_root and platform is not None:
        for path, name, known in _unknown(platform.pipeline_config or {}, PIPELINE_FIELDS, ""):
            yield scope.finding(
                "E267",
                f"the pipeline's Kubernetes settings have no field '{path}'",
                severity="warning",
                hint=scope.nearest(name, known),
            )


def _unknown(value: Any, known: Mapping[str, Any] | None, path: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Fields that are not in the table: path, name, and what there is at that place."""
    if known is None:
        return
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _unknown(item, known, path)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            name = wire.camel_case(str(key))
            here = f"{path}.{key}" if path else str(key)
            if name in known:
                yield from _unknown(item, known[name], here)
            else:
                yield here, str(key), known


def settings_make_sense(scope: Scope) -> Iterator[Diagnostic]:
    """Names, paths and choices in the Kubernetes settings and in the environment are ones that Kubernetes takes."""
    if not scope.is_root:
        return
    settings = {label: found for label, found, _ in _settings(scope)}
    for label in dict.fromkeys((*settings, *scope.graph.executors)):
        executor = scope.graph.executors.get(label)
        container = executor.container if executor is not None else None
        variables = [variable.name for variable in (container.env if container is not None else None) or ()]
        finding = scope.finding_at_use(scope.whole.executor_uses.get(label))
        for problem in problems_of(settings.get(label, {}), variables):
            yield _as_finding(finding, label, problem)


def _as_finding(finding: Finding, label: str, problem: Problem) -> Diagnostic:
    return finding(
        "E268",
        f"executor '{label}': {problem.message}",
        severity=problem.severity,
        got=problem.got[:120],
        expected=problem.expected,
    )


def settings_have_sources(scope: Scope) -> Iterator[Diagnostic]:
    """A setting takes its value from an input of the DAG, or from a task beside it."""
    if not scope.graph.platforms:
        return
    for name, task in scope.tasks.items():
        used = scope.used(task)
        settings = scope.graph.platform_settings((used.executor_label if used is not None else None) or "")
        inputs, bindings = scope.component.input_parameters, task.parameter_bindings
        for wanted in input_names(settings):
            if wanted not in inputs and wanted not in bindings:
                yield scope.finding(
                    "E223",
                    f"a Kubernetes setting takes input parameter '{wanted}' of '{scope.name}', which does not exist",
                    task=name,
                    hint=scope.nearest(wanted, inputs, bindings),
                )
        for producer in _producers(settings):
            if producer not in scope.tasks:
                yield scope.finding(
                    "E211",
                    f"a Kubernetes setting waits for '{producer}', which is no task beside it",
                    task=name,
                    hint=scope.nearest(producer, scope.tasks),
                )


def _producers(settings: Any) -> Iterator[str]:
    if isinstance(settings, Mapping):
        source = settings.get("taskOutputParameter")
        if isinstance(source, Mapping) and isinstance(source.get("producerTask"), str):
            yield source["producerTask"]
        for value in settings.values():
            yield from _producers(value)
    elif isinstance(settings, (list, tuple)):
        for item in settings:
            yield from _producers(item)


def _settings(scope: Scope) -> Iterator[tuple[str, Mapping[str, Any], Finding]]:
    """The Kubernetes settings of each executor, on the root's turn."""
    platform = (scope.graph.platforms or {}).get(_KUBERNETES) if scope.is_root else None
    if platform is None or platform.deployment_spec is None:
        return
    for label, settings in (platform.deployment_spec.executors or {}).items():
        yield label, settings, scope.finding_at_use(scope.whole.executor_uses.get(label))
