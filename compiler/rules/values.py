"""Whether values survive the way: sizes, numbers that a double would round, defaults of their own type."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Component, wire
from milonga.compiler.graph.component import PARAMETER_BYTES_MAX, PARAMETER_SPELLING
from milonga.compiler.rules.mismatches import is_literal, literals_of
from milonga.compiler.rules.types import accepts_constant
from milonga.compiler.scope import Finding, Scope

FILE_BYTES_NEAR = 896 * 1024
"""Kubernetes' store refuses objects of more than 1.5 MiB, and KFP's Workflow holds the pipeline and the state of the
run: about 10 KB a task, as seen on a cluster."""

_EXACT_MAX = 2**53 - 1


def values_are_small(scope: Scope) -> Iterator[Diagnostic]:
    """A constant or default is small enough to travel as a parameter."""
    for noun, value, finding in _values(scope):
        size = _size(value)
        if size > PARAMETER_BYTES_MAX:
            yield finding(
                "E259",
                f"{noun} is larger than what back ends can hand to a step",
                severity="warning",
                got=f"{size} bytes",
                expected=f"at most {PARAMETER_BYTES_MAX} bytes",
                hint="put it into an artifact: let a component write it, or import a URI with ml.importer",
            )


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, (list, tuple, Mapping)):
        try:
            return len(json.dumps(wire.dump(value), separators=(",", ":")))
        except (TypeError, ValueError, RecursionError):
            return 0
    return 0


def file_is_small(scope: Scope) -> Iterator[Diagnostic]:
    """The whole pipeline is small enough to be stored as one object."""
    if not scope.is_root or _at_least(scope) * 4 < FILE_BYTES_NEAR:
        return
    try:
        size = len(json.dumps(scope.graph.to_documents(), separators=(",", ":")))
    except (TypeError, ValueError, RecursionError):
        return
    if size > FILE_BYTES_NEAR:
        yield scope.finding(
            "E260",
            "the pipeline is close to what a Kubernetes cluster stores as one object, or over it",
            severity="warning",
            got=f"{size / 1024:.0f} KiB",
            expected=f"less than {FILE_BYTES_NEAR // 1024} KiB; the store's limit is 1.5 MiB, with the state of a run",
            hint="make it of several pipelines, or loop over one task instead of writing many",
        )


def _at_least(scope: Scope) -> int:
    """A size that the file surely has, found quickly: texts of the steps, constants, and a hundred bytes a task."""
    containers = [executor.container for executor in scope.graph.executors.values() if executor.container is not None]
    size = sum(len(text) for container in containers for text in (*(container.command or ()), *(container.args or ())))
    for _, component in scope.graph.dags():
        for task in ((component.dag.tasks if component.dag is not None else None) or {}).values():
            values = [binding.runtime_value for binding in task.parameter_bindings.values()]
            size += 100 + sum(_size(value.constant) for value in values if value is not None)
    return size


def numbers_are_exact(scope: Scope) -> Iterator[Diagnostic]:
    """A whole number is one that a double holds exactly."""
    for noun, value, finding in _values(scope):
        if _has_large_number(value):
            yield finding(
                "E261",
                f"{noun} holds a whole number that KFP would round: its numbers are doubles",
                severity="warning",
                expected=f"at most {_EXACT_MAX} (2^53 - 1) from zero",
                hint="hand it over as text",
            )


def _has_large_number(value: Any) -> bool:
    if isinstance(value, (str, bool)):
        return False
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, int) and abs(item) > _EXACT_MAX:
            return True
        if isinstance(item, Mapping):
            pending.extend(item.values())
        elif isinstance(item, (list, tuple)):
            pending.extend(item)
    return False


def defaults_are_of_their_type(scope: Scope) -> Iterator[Diagnostic]:
    """A default is of the input's type and one of its literals; the literals are of that type as well."""
    for name, component, finding in _components(scope):
        for key, declared in component.input_parameters.items():
            kind, default = declared.parameter_type, declared.default_value
            expected = PARAMETER_SPELLING.get(kind or "", kind or "")
            if not accepts_constant(kind, default):
                got = type(default).__name__
                yield finding(
                    "E262", f"the default of input '{key}' of '{name}' is not of its type", got=got, expected=expected
                )
            if declared.literals is None:
                continue
            for literal in declared.literals:
                if not accepts_constant(kind, literal):
                    got = type(literal).__name__
                    yield finding(
                        "E262", f"a literal of input '{key}' of '{name}' is not of its type", got=got, expected=expected
                    )
            if default is not None and not is_literal(declared, default):
                yield finding(
                    "E262",
                    f"the default of input '{key}' of '{name}' is none of its literals",
                    expected=literals_of(declared),
                )


def _values(scope: Scope) -> Iterator[tuple[str, Any, Finding]]:
    """Each value that stands in the file: constants of tasks, and on the root's turn every default."""
    for name, task in scope.tasks.items():
        for key, binding in task.parameter_bindings.items():
            constant = binding.runtime_value.constant if binding.runtime_value is not None else None
            if constant is not None and constant is not wire.NULL:
                yield f"the value of input '{key}'", constant, scope.finding_at_use((scope.name, name))
    for name, component, finding in _components(scope):
        for key, declared in component.input_parameters.items():
            if declared.default_value is not None and declared.default_value is not wire.NULL:
                yield f"the default of input '{key}' of '{name}'", declared.default_value, finding


def _components(scope: Scope) -> Iterator[tuple[str, Component, Finding]]:
    if not scope.is_root:
        return
    yield "root", scope.graph.root, scope.finding
    for name, component in scope.graph.components.items():
        yield name, component, scope.finding_at_use(scope.whole.uses.get(name))
