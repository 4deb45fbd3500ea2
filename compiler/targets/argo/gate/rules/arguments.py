"""Arguments of tasks, steps and entry points, held against the inputs of what they call."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.diagnostics import Severity
from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.calls import Call
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node
from milonga.compiler.targets.argo.gate.rules.artifact_places import PLACES

_VALUES = ("value", "valueFrom")


def arguments_fit(bundle: Bundle) -> Iterator[Fault]:
    """Inputs without a default get an argument; an argument has a value and an input of its name."""
    for call in bundle.calls():
        yield from _valued(call.caller.at("arguments"))
        callee = bundle.callee(call)
        if callee is not None:
            yield from _missing(callee, call.caller)
            yield from _undeclared(bundle, call, callee)
    for spec in bundle.specs():
        if not spec.document.is_template:
            yield from _entrypoint(bundle, spec)


def _valued(arguments: Node) -> Iterator[Fault]:
    for parameter in arguments.at("parameters").entries():
        if not parameter.has(*_VALUES):
            yield Fault("E331", "an argument has no value", parameter, expected="value or valueFrom")
    for artifact in arguments.at("artifacts").entries():
        if not artifact.has("from", "fromExpression", *PLACES):
            yield Fault("E331", "an artifact that is passed comes from nowhere", artifact, expected="from, or a place")


def _missing(callee: Node, caller: Node) -> Iterator[Fault]:
    for port in ("parameters", "artifacts"):
        given = {entry.name for entry in caller.at("arguments", port).entries()}
        for entry in callee.at("inputs", port).entries():
            if entry.name and entry.name not in given and _is_required(entry, port):
                yield Fault(
                    "E331",
                    f"the input '{entry.name}' of the template that is called gets no argument",
                    caller,
                    got=", ".join(sorted(given)) or "no arguments",
                    expected=entry.name,
                    hint="pass it, or give the input a `default`"
                    if port == "parameters"
                    else "pass it, or make it optional",
                )


def _is_required(entry: Node, port: str) -> bool:
    if port == "artifacts":
        return not entry.at("optional").value and not entry.has("from", *PLACES)
    return not entry.has("default", "value", "valueFrom")


def _undeclared(bundle: Bundle, call: Call, callee: Node) -> Iterator[Fault]:
    for port in ("parameters", "artifacts"):
        known = [entry.name for entry in callee.at("inputs", port).entries()]
        for argument in call.caller.at("arguments", port).entries():
            if argument.name and argument.name not in known:
                yield Fault(
                    "E332",
                    f"the template that is called has no input '{argument.name[:128]}', so the argument is dropped",
                    argument,
                    severity="warning",
                    got=argument.name,
                    hint=bundle.spelling.nearest(argument.name, known),
                )


def _entrypoint(bundle: Bundle, spec: Node) -> Iterator[Fault]:
    """Arguments of the workflow, those of the document that it refers to among them."""
    reference = spec.at("workflowTemplateRef")
    home = bundle.referred_spec(reference) if reference.mapping else spec
    if home is None:
        return
    given: dict[str, dict[str, bool]] = {"parameters": {}, "artifacts": {}}
    for source in (home, spec):
        for port, names in given.items():
            for entry in source.at("arguments", port).entries():
                names[entry.name] = names.get(entry.name, False) or entry.has(*_VALUES)
    for name, has_value in given["parameters"].items():
        if not has_value:
            # Whoever submits a workflow may still give it; nobody gives one to those that a schedule starts.
            severity: Severity = "error" if spec.document.kind == "CronWorkflow" else "warning"
            message = f"the workflow's argument '{name}' has no value"
            place = spec.at("arguments") if spec.has("arguments") else spec
            hint = f"give it when the workflow is submitted: -p {name}=..." if severity == "warning" else ""
            yield Fault("E331", message, place, severity=severity, expected="value or valueFrom", hint=hint)
    callee = bundle.template(home, (spec.at("entrypoint").text or home.at("entrypoint").text))
    for port, names in given.items():
        for entry in callee.at("inputs", port).entries() if callee is not None else ():
            if entry.name and entry.name not in names and _is_required(entry, port):
                place = spec.at("arguments") if spec.has("arguments") else spec
                message = f"the input '{entry.name}' of the entry point gets no argument of the workflow"
                yield Fault("E331", message, place, expected=entry.name)
