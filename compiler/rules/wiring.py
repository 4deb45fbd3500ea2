"""Whether each input of each task gets a value of its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import ParameterBinding, wire
from milonga.compiler.graph.component import PARAMETER_SPELLING
from milonga.compiler.graph.edges import ARTIFACTS, PARAMETERS, SIDES, Edge
from milonga.compiler.rules.mismatches import mismatch_of
from milonga.compiler.rules.types import CONVERTED, artifact_title, parameter_type_of
from milonga.compiler.scope import Scope

_NOUNS = {"parameter": "input", "artifact": "input artifact"}


def required_inputs_are_bound(scope: Scope) -> Iterator[Diagnostic]:
    """An input without a default gets a value."""
    for name, task in scope.tasks.items():
        component = scope.used(task)
        if component is None:
            continue
        iterators = (task.parameter_iterator, task.artifact_iterator)
        given = {iterator.item_input for iterator in iterators if iterator is not None}
        given.update(task.parameter_bindings, task.artifact_bindings)
        for side in SIDES:
            for key, declared in side.inputs(component).items():
                if key not in given and not is_optional(declared):
                    yield scope.finding("E221", f"{_NOUNS[side.noun]} '{key}' gets no value", task=name)


def is_optional(declared: Any) -> bool:
    """Whether an input may stay without a value."""
    return bool(declared.is_optional) or getattr(declared, "default_value", None) is not None


def bindings_have_inputs(scope: Scope) -> Iterator[Diagnostic]:
    """A value is given only to an input that exists."""
    for name, edges in scope.whole.edges(scope.component).items():
        component = scope.used(scope.tasks[name])
        for edge in edges:
            if component is None or edge.declared is not None or edge.name in edge.side.other.inputs(component):
                continue
            if edge.side is PARAMETERS and _is_for_placeholders(edge.name, edge.binding):
                continue
            hint = scope.nearest(edge.name, edge.side.inputs(component))
            yield scope.finding(
                "E222", f"the component has no input {edge.side.noun} '{edge.name}'", task=name, hint=hint
            )


def _is_for_placeholders(key: str, binding: ParameterBinding) -> bool:
    """Whether kfp's compiler made this binding beside the inputs, for placeholders in constants and resources."""
    constant = binding.runtime_value.constant if binding.runtime_value is not None else None
    return key.startswith("pipelinechannel--") or (isinstance(constant, str) and "{{$.inputs" in constant)


def values_are_on_their_side(scope: Scope) -> Iterator[Diagnostic]:
    """A parameter goes to an input parameter, an artifact to an input artifact."""
    for name, edges in scope.whole.edges(scope.component).items():
        component = scope.used(scope.tasks[name])
        for edge in edges:
            noun, other = edge.side.noun, edge.side.other
            if edge.declared is None and component is not None and edge.name in other.inputs(component):
                got = f"'{edge.name}' under 'inputs.{noun}s'"
                expected = f"'{edge.name}' under 'inputs.{other.noun}s'"
                message = f"input '{edge.name}' is an {other.noun}, and gets a {noun}"
            elif _is_on_other_side(edge):
                got = f"'{edge.output}', an {other.noun}" if other is ARTIFACTS else f"'{edge.output}', a {other.noun}"
                expected = f"an output or input {noun}"
                message = f"{_NOUNS[noun]} '{edge.name}' takes what is no {noun}"
            else:
                continue
            yield scope.finding("E232", message, task=name, got=got, expected=expected)


def _is_on_other_side(edge: Edge) -> bool:
    """Whether the source exists, among the artifacts for a parameter or the other way round."""
    if edge.maker is None or edge.origin is not None:
        return False
    other = edge.side.other
    known = other.outputs(edge.maker) if edge.producer else other.inputs(edge.maker)
    return edge.output in known


def sources_exist(scope: Scope) -> Iterator[Diagnostic]:
    """A value comes from an output or input that exists."""
    for name, edges in scope.whole.edges(scope.component).items():
        for edge in edges:
            if edge.maker is None or edge.origin is not None or _is_on_other_side(edge):
                continue
            is_artifact = edge.side is ARTIFACTS
            if edge.producer:
                what = f"output{' artifact' if is_artifact else ''} '{edge.output}' of '{edge.producer}'"
                known = edge.side.outputs(edge.maker)
            else:
                what = f"input {edge.side.noun} '{edge.output}' of '{scope.name}'"
                known = edge.side.inputs(edge.maker)
            yield scope.finding(
                "E223",
                f"{_NOUNS[edge.side.noun]} '{edge.name}' takes {what}, which does not exist",
                task=name,
                hint=scope.nearest(edge.output, known),
            )


def bindings_have_one_source(scope: Scope) -> Iterator[Diagnostic]:
    """A binding names exactly one source."""
    for name, edges in scope.whole.edges(scope.component).items():
        for edge in edges:
            sources = edge.side.sources(edge.binding)
            if len(sources) != 1:
                expected = "one of " + ", ".join(map(wire.camel_case, edge.side.fields))
                yield scope.finding(
                    "E231",
                    f"{_NOUNS[edge.side.noun]} '{edge.name}' has {'several sources' if sources else 'no source'}",
                    task=name,
                    got=", ".join(sources) or "none",
                    expected=expected,
                )


def parameter_types_agree(scope: Scope) -> Iterator[Diagnostic]:
    """A parameter goes to an input of its own type, or of one that it converts to without loss."""
    for name, edges in scope.whole.edges(scope.component).items():
        for edge in edges:
            if edge.side is not PARAMETERS or edge.declared is None:
                continue
            made, wanted = parameter_type_of(edge), edge.declared.parameter_type
            if made is None or wanted is None or made == wanted or (made, wanted) in CONVERTED:
                continue
            yield scope.finding(
                "E113",
                f"wrong type for input '{edge.name}'",
                task=name,
                got=PARAMETER_SPELLING.get(made, made),
                expected=PARAMETER_SPELLING.get(wanted or "", wanted or ""),
            )


def constants_are_of_their_type(scope: Scope) -> Iterator[Diagnostic]:
    """A constant is of the type of its input and one of its literals; its value is never shown."""
    for name, edges in scope.whole.edges(scope.component).items():
        for edge in edges:
            value = edge.binding.runtime_value if edge.side is PARAMETERS else None
            if value is None or edge.declared is None or edge.binding.parameter_expression_selector:
                continue
            mismatch = mismatch_of(edge.declared, value.constant)
            if mismatch is not None:
                yield mismatch.at(scope.finding_at_use((scope.name, name)), edge.name)


def artifact_types_agree(scope: Scope) -> Iterator[Diagnostic]:
    """An artifact goes to an input of its own type, or of `system.Artifact`."""
    for name, edges in scope.whole.edges(scope.component).items():
        for edge in edges:
            if edge.side is not ARTIFACTS:
                continue
            made, wanted = artifact_title(edge.origin), artifact_title(edge.declared)
            if not made or not wanted or made == wanted or "system.Artifact" in (made, wanted):
                continue
            yield scope.finding("E114", f"wrong artifact for input '{edge.name}'", task=name, got=made, expected=wanted)
