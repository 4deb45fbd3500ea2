"""Whether a loop has items, hands them to an input that exists, and has a limit that makes sense."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Component, Task
from milonga.compiler.graph.component import PARAMETER_SPELLING
from milonga.compiler.graph.edges import ARTIFACTS, PARAMETERS, Side
from milonga.compiler.graph.task import ArtifactIterator, ParameterIterator
from milonga.compiler.rules.mismatches import Mismatch, mismatch_of
from milonga.compiler.rules.types import CHANNEL, parameter_type_of
from milonga.compiler.scope import Finding, Scope

_ITERABLE = frozenset({"LIST", "STRING", "STRUCT"})
"""Types of a loop's input: kfp writes the other two for items that another component or loop hands over as JSON."""


def loops_are_whole(scope: Scope) -> Iterator[Diagnostic]:
    """A loop goes over items that exist and hands each to an input that exists."""
    for name, task in scope.tasks.items():
        finding = scope.finding_at_use((scope.name, name))
        parameters, artifacts = task.parameter_iterator, task.artifact_iterator
        if parameters is not None and artifacts is not None:
            yield finding("E244", "the task loops over parameters and over artifacts at once", expected="one iterator")
        elif parameters is not None:
            yield from _item_findings(scope, PARAMETERS, parameters, scope.used(task), finding)
            yield from _parameter_findings(scope, name, parameters, finding)
        elif artifacts is not None:
            yield from _item_findings(scope, ARTIFACTS, artifacts, scope.used(task), finding)
            source = (artifacts.items.input_artifact if artifacts.items is not None else None) or ""
            yield from _source_findings(scope, ARTIFACTS, name, source, finding)


def _item_findings(
    scope: Scope,
    side: Side,
    iterator: ParameterIterator | ArtifactIterator,
    component: Component | None,
    finding: Finding,
) -> Iterator[Diagnostic]:
    known, item = side.inputs(component) if component is not None else {}, iterator.item_input or ""
    if component is not None and item not in known:
        yield finding(
            "E244",
            f"the loop hands its item to input {side.noun} '{item}', which does not exist",
            hint=scope.nearest(item, known),
        )


def _parameter_findings(scope: Scope, name: str, iterator: ParameterIterator, finding: Finding) -> Iterator[Diagnostic]:
    raw, source = (iterator.items.raw, iterator.items.input_parameter) if iterator.items is not None else (None, None)
    if (raw is None) == (source is None):
        got = "no items" if raw is None else "items in the file, and an input"
        expected = "'raw' or 'inputParameter'"
        yield finding("E244", "the loop has not exactly one source of items", got=got, expected=expected)
    elif source is not None:
        yield from _source_findings(scope, PARAMETERS, name, source, finding)
    else:
        try:
            items = json.loads(raw or "")
        except (ValueError, RecursionError):
            yield finding("E244", "the items of the loop are no JSON", got=(raw or "")[:80], expected="a list in JSON")
            return
        if not isinstance(items, list):
            got = type(items).__name__
            yield finding("E244", "the items of the loop are no list", got=got, expected="a list in JSON")


def _source_findings(scope: Scope, side: Side, name: str, source: str, finding: Finding) -> Iterator[Diagnostic]:
    edges = scope.whole.edges(scope.component)[name]
    edge = next((edge for edge in edges if edge.side is side and edge.name == source), None)
    if edge is None:
        known = [edge.name for edge in edges if edge.side is side]
        yield finding(
            "E244",
            f"the loop goes over input {side.noun} '{source}', which gets no value",
            hint=scope.nearest(source, known),
        )
    elif side is ARTIFACTS:
        if edge.declared is not None and not edge.declared.is_artifact_list:
            got = "one artifact"
            yield finding("E244", f"the loop goes over input artifact '{source}', which is no list", got=got)
    else:
        kind = parameter_type_of(edge)
        if kind is not None and kind not in _ITERABLE:
            got = PARAMETER_SPELLING.get(kind, kind)
            yield finding("E244", f"the loop goes over input parameter '{source}', which is no list", got=got)


def loop_items_are_alike(scope: Scope) -> Iterator[Diagnostic]:
    """The items of a loop are of one type."""
    for name, task in scope.tasks.items():
        kinds = _kinds(_items(task))
        if len(kinds) > 1 and not any(mismatch.severity == "error" for mismatch in _mismatches(scope, task)):
            yield scope.finding(
                "E245",
                "the items of the loop are of several types",
                task=name,
                severity="warning",
                got=", ".join(kinds),
                expected="one type, which the input of each iteration can be declared with",
            )


def loop_items_are_of_their_type(scope: Scope) -> Iterator[Diagnostic]:
    """The items of a loop are of the type, and among the literals, of the input that gets each of them."""
    for name, task in scope.tasks.items():
        mismatches = _mismatches(scope, task)
        worst = next((mismatch for mismatch in mismatches if mismatch.severity == "error"), None)
        if worst is None and mismatches and len(_kinds(_items(task))) == 1:
            worst = mismatches[0]
        if worst is not None and task.parameter_iterator is not None:
            yield worst.at(scope.finding_at_use((scope.name, name)), task.parameter_iterator.item_input or "")


def _mismatches(scope: Scope, task: Task) -> list[Mismatch]:
    """Why the input for the item does not take some of the items in the file."""
    component = scope.used(task)
    item = (task.parameter_iterator.item_input if task.parameter_iterator is not None else None) or ""
    declared = component.input_parameters.get(item) if component is not None else None
    if declared is None:
        return []
    found = [mismatch for mismatch in (mismatch_of(declared, value) for value in _items(task)) if mismatch is not None]
    if item.startswith(CHANNEL):  # kfp declares a channel by the first item: [1, 2.5] is NUMBER_INTEGER there
        return [dataclasses.replace(mismatch, severity="warning") for mismatch in found]
    return found


def _items(task: Task) -> list[Any]:
    """The items of a loop that stand in the file; none where they do not, or are no list."""
    items = task.parameter_iterator.items if task.parameter_iterator is not None else None
    try:
        found = json.loads((items.raw if items is not None else None) or "[]")
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []


def _kinds(items: list[Any]) -> list[str]:
    kinds = {type(item).__name__ for item in items}
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
        elif not task.is_loop:
            yield scope.finding(
                "E246",
                "the task limits its iterations, and is no loop",
                task=name,
                severity="warning",
                hint="add an iterator, or remove the limit",
            )
