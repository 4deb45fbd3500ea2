"""Whether what crosses the border of a task or of a DAG has the shape that the other side expects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph.component import PARAMETER_SPELLING
from milonga.compiler.graph.edges import ARTIFACTS, PARAMETERS, SIDES
from milonga.compiler.rules.outlets import Outlet, outlets_of
from milonga.compiler.rules.types import CONVERTED, artifact_title, kind_of, source_type_of
from milonga.compiler.scope import Scope

_WITHOUT_PARTS = ("NUMBER_INTEGER", "NUMBER_DOUBLE", "BOOLEAN")
_SHAPES = {True: "a list of artifacts", False: "one artifact"}


def artifact_lists_agree(scope: Scope) -> Iterator[Diagnostic]:
    """An input list of artifacts gets a list, a single input artifact gets one."""
    for name, edges in scope.whole.edges(scope.component).items():
        for edge in edges:
            if edge.side is not ARTIFACTS or edge.declared is None or edge.origin is None or edge.is_ambiguous:
                continue
            is_list = bool(edge.origin.is_artifact_list) or edge.collected
            if is_list != bool(edge.declared.is_artifact_list):
                hint = "loop over the list, or take a list" if is_list else "gather artifacts with ml.Collected(...)"
                yield scope.finding(
                    "E233",
                    f"input artifact '{edge.name}' takes {_SHAPES[not is_list]} and gets {_SHAPES[is_list]}",
                    task=name,
                    got=f"'{edge.output}' of '{edge.producer or scope.name}'",
                    expected=_SHAPES[not is_list],
                    hint=hint,
                )


def selectors_have_parts(scope: Scope) -> Iterator[Diagnostic]:
    """A part is selected only of a value that has parts."""
    for name, edges in scope.whole.edges(scope.component).items():
        for edge in edges:
            if edge.side is not PARAMETERS or not edge.binding.parameter_expression_selector:
                continue
            kind = source_type_of(edge)
            if kind in _WITHOUT_PARTS:
                yield scope.finding(
                    "E234",
                    f"input '{edge.name}' takes a part of a value that has none",
                    task=name,
                    got=f"{edge.binding.parameter_expression_selector} of {PARAMETER_SPELLING[kind]}",
                    expected="a list, a dict, or text in JSON",
                )


def dag_outputs_have_makers(scope: Scope) -> Iterator[Diagnostic]:
    """An output of a DAG comes from an output of one of its tasks."""
    for outlet in outlets_of(scope.component):
        noun = outlet.side.noun
        if not outlet.makers:
            yield scope.finding("E235", f"output {noun} '{outlet.name}' comes from no task")
        for task, key in outlet.makers:
            if task not in scope.tasks:
                yield scope.finding(
                    "E235",
                    f"output {noun} '{outlet.name}' comes from '{task}', which is no task of this DAG",
                    hint=scope.nearest(task, scope.tasks),
                )
                continue
            component = scope.used(scope.tasks[task])
            known = outlet.side.outputs(component) if component is not None else {}
            if component is not None and key not in known:
                yield scope.finding(
                    "E235",
                    f"output {noun} '{outlet.name}' comes from '{key}' of '{task}', which has no such output {noun}",
                    task=task,
                    hint=scope.nearest(key, known),
                )


def declared_outputs_are_made(scope: Scope) -> Iterator[Diagnostic]:
    """Each output in the border of a DAG is filled by it, and the other way round."""
    made = {(outlet.side.noun, outlet.name) for outlet in outlets_of(scope.component)}
    for side in SIDES:
        for name in side.outputs(scope.component):
            if (side.noun, name) not in made:
                yield scope.finding(
                    "E236",
                    f"output {side.noun} '{name}' is declared, and nothing makes it",
                    expected=f"'{name}' under 'dag.outputs.{side.noun}s'",
                )
    for outlet in outlets_of(scope.component):
        if outlet.declared is None:
            yield scope.finding(
                "E236",
                f"output {outlet.side.noun} '{outlet.name}' is made, and not declared",
                expected=f"'{outlet.name}' under 'outputDefinitions.{outlet.side.noun}s'",
            )


def dag_output_types_agree(scope: Scope) -> Iterator[Diagnostic]:
    """An output of a DAG has the type of what makes it; that of a loop is the list of it."""
    looped = not scope.is_root and scope.name in scope.whole.loop_bodies
    if looped and scope.name in scope.whole.plain_bodies:
        return  # one declaration for two shapes: nobody can tell which is meant
    inside = not scope.is_root  # kfp declares what a branch makes as a list, too, when a loop is near
    for outlet in outlets_of(scope.component):
        for task, key in outlet.makers:
            maker = scope.tasks.get(task)
            component = scope.used(maker) if maker is not None else None
            made = outlet.side.outputs(component).get(key) if component is not None else None
            if maker is None or made is None or outlet.declared is None:
                continue
            got, expected = _shape(outlet, made, looped or maker.is_loop), _shape(outlet, outlet.declared, False)
            if not _fits(got, expected) and not (inside and _is_list_of(expected, got)):
                yield scope.finding(
                    "E237",
                    f"output {outlet.side.noun} '{outlet.name}' has another type than what makes it",
                    task=task,
                    got=_spelled(got),
                    expected=_spelled(expected),
                )


Shape = tuple[str, bool]
"""The type of one value, "" for any; whether there is a list of them (artifacts only: a list of parameters is LIST)."""


def _shape(outlet: Outlet, declared: Any, is_list: bool) -> Shape:
    if outlet.side is PARAMETERS:
        return ("LIST" if is_list else kind_of(declared) or ""), False
    title = artifact_title(declared) or ""
    return ("" if title == "system.Artifact" else title), is_list or bool(declared.is_artifact_list)


def _fits(got: Shape, expected: Shape) -> bool:
    names = (got[0], expected[0])
    return got[1] == expected[1] and (got[0] == expected[0] or "" in names or names in CONVERTED)


def _is_list_of(expected: Shape, got: Shape) -> bool:
    return expected[0] == "LIST" or (expected[1] and _fits((got[0], True), expected))


def _spelled(shape: Shape) -> str:
    name = PARAMETER_SPELLING.get(shape[0], shape[0]) or "any artifact"
    return f"a list of {name}" if shape[1] else name
