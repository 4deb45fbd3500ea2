"""Whether a loop has items, hands them to an input that exists, and has a limit that makes sense."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Component, Task
from milonga.compiler.graph.component import PARAMETER_SPELLING
from milonga.compiler.graph.task import ArtifactIterator, ParameterIterator
from milonga.compiler.rules.base import Scope
from milonga.compiler.rules.edges import ARTIFACTS, PARAMETERS, Side, is_loop
from milonga.compiler.rules.structure import nearest

_ITERABLE = frozenset({"LIST", "STRING", "STRUCT"})
"""Types of a loop's input: kfp writes the other two for items that another component or loop hands over as JSON."""


def loops_are_whole(scope: Scope) -> Iterator[Diagnostic]:
    """A loop goes over items that exist and hands each to an input that exists."""
    for name, task in scope.tasks.items():
        if not is_loop(task):
            continue
        if task.parameter_iterator is not None and task.artifact_iterator is not None:
            yield scope.finding(
                "E244", "the task loops over parameters and over artifacts at once", task=name, expected="one iterator"
            )
            continue
        for message, got, expected, hint in _problems(task, scope.used(task)):
            yield scope.finding("E244", message, task=name, got=got, expected=expected, hint=hint)


Problem = tuple[str, str, str, str]
"""Message, got, expected, hint."""


def _problems(task: Task, component: Component | None) -> Iterator[Problem]:
    parameters, artifacts = task.parameter_iterator, task.artifact_iterator
    if parameters is not None:
        yield from _item_problem(PARAMETERS, parameters, component)
        items = parameters.items
        raw, source = (items.raw, items.input_parameter) if items is not None else (None, None)
        if (raw is None) == (source is None):
            got = "no items" if raw is None else "items in the file, and an input"
            yield "the loop has not exactly one source of items", got, "'raw' or 'inputParameter'", ""
        elif raw is not None:
            yield from _raw_problem(raw)
        else:
            yield from _source_problem(PARAMETERS, source or "", task, component)
    elif artifacts is not None:
        yield from _item_problem(ARTIFACTS, artifacts, component)
        yield from _source_problem(
            ARTIFACTS, (artifacts.items.input_artifact if artifacts.items else None) or "", task, component
        )


def _item_problem(
    side: Side, iterator: ParameterIterator | ArtifactIterator, component: Component | None
) -> Iterator[Problem]:
    if component is None:
        return
    known, item = side.inputs(component), iterator.item_input or ""
    if item not in known:
        yield (
            f"the loop hands its item to input {side.noun} '{item}', which does not exist",
            "",
            "",
            nearest(item, known),
        )


def _raw_problem(raw: str) -> Iterator[Problem]:
    try:
        items = json.loads(raw)
    except (ValueError, RecursionError):
        yield "the items of the loop are no JSON", raw[:80], "a list in JSON", ""
        return
    if not isinstance(items, list):
        yield "the items of the loop are no list", type(items).__name__, "a list in JSON", ""


def _source_problem(side: Side, name: str, task: Task, component: Component | None) -> Iterator[Problem]:
    if name not in side.bindings(task):
        yield (
            f"the loop goes over input {side.noun} '{name}', which gets no value",
            "",
            "",
            nearest(name, side.bindings(task)),
        )
        return
    declared: Any = side.inputs(component).get(name) if component is not None else None
    if declared is None:
        return
    if side is ARTIFACTS:
        if not declared.is_artifact_list:
            yield f"the loop goes over input artifact '{name}', which is no list", "one artifact", "a list", ""
    elif declared.parameter_type is not None and declared.parameter_type not in _ITERABLE:
        got = PARAMETER_SPELLING.get(declared.parameter_type, declared.parameter_type)
        yield f"the loop goes over input parameter '{name}', which is no list", got, "list", ""


def loop_items_are_alike(scope: Scope) -> Iterator[Diagnostic]:
    """The items of a loop are of one type."""
    for name, task in scope.tasks.items():
        items = task.parameter_iterator.items if task.parameter_iterator is not None else None
        if items is None or items.raw is None:
            continue
        kinds = _kinds(items.raw)
        if len(kinds) > 1:
            yield scope.finding(
                "E245",
                "the items of the loop are of several types",
                task=name,
                severity="warning",
                got=", ".join(kinds),
                expected="one type, which the input of each iteration can be declared with",
            )


def _kinds(raw: str) -> list[str]:
    try:
        items = json.loads(raw)
    except (ValueError, RecursionError):
        return []
    kinds = {type(item).__name__ for item in items} if isinstance(items, list) else set()
    return sorted(kinds - {"int"} if "float" in kinds else kinds)


def loop_limits_make_sense(scope: Scope) -> Iterator[Diagnostic]:
    """A limit of iterations is a count, and stands at a loop."""
    for name, task in scope.tasks.items():
        limit = task.iterator_policy.parallelism_limit if task.iterator_policy is not None else None
        if limit is None:
            continue
        if limit < 0:
            yield scope.finding(
                "E246", "the limit of iterations at a time is negative", task=name, got=str(limit), expected="0 or more"
            )
        elif not is_loop(task):
            yield scope.finding(
                "E246",
                "the task limits its iterations, and is no loop",
                task=name,
                severity="warning",
                hint="add an iterator, or remove the limit",
            )
