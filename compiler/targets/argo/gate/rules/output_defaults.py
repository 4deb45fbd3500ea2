"""Outputs of DAGs and steps whose source may be absent."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.calls import Call, steps_of
from milonga.compiler.targets.argo.gate.dags.dag import Dag, may_be_skipped
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node
from milonga.compiler.targets.argo.gate.tags.reference import references_in

_HINT = "without a default the node fails and the workflow stays Running for ever"

_NODES = ("tasks", "steps")


def outputs_have_defaults(bundle: Bundle) -> Iterator[Fault]:
    """An output of a DAG or steps has a `default`: an error where its source may be absent, else a warning."""
    for spec in bundle.specs():
        for template in spec.at("templates").entries():
            absent = _absent(template)
            for output in template.at("outputs", "parameters").entries() if template.has("dag", "steps") else ():
                source = output.at("valueFrom")
                if not source.mapping or source.has("default"):
                    continue
                doubtful = _doubtful(bundle, spec, template, source, absent)
                if doubtful:
                    message = f"an output has no `default`, and '{doubtful}', which it is made of, may be absent"
                    yield Fault("E339", message, output, expected="valueFrom.default", hint=_HINT)
                elif any(reference.path[0] in _NODES for reference in references_in(source)):
                    message = "an output of a DAG or steps has no `default`"
                    hint = _HINT + ", should its source ever be absent"
                    yield Fault("E339", message, output, severity="warning", expected="valueFrom.default", hint=hint)


def _absent(template: Node) -> dict[str, Node]:
    """Tasks or steps that may end without outputs while the template goes on to succeed."""
    if not template.has("dag"):
        steps = {step.name: step for step in steps_of(template)}
        return {name: step for name, step in steps.items() if may_be_skipped(step)}
    dag = Dag.of(template)
    every = dag.outcomes()
    calm = dag.outcomes(with_failures=False)
    targets = template.at("dag", "target").text.split()
    found = {}
    for name, task in dag.tasks.items():
        forgiven = name not in targets and any(
            name in depends.tasks and dag.may_run(other, name, "Failed", every)
            for other, depends in dag.depends.items()
        )
        if calm.get(name, frozenset()) & {"Skipped", "Omitted"} or forgiven:
            found[name] = task
    return found


def _doubtful(bundle: Bundle, spec: Node, template: Node, source: Node, absent: dict[str, Node]) -> str:
    """The name of a source that may be absent and that nothing stands in for; "" for none."""
    for reference in references_in(source):
        name = reference.path[1] if len(reference.path) > 1 and reference.path[0] in _NODES else ""
        if name not in absent or reference.path[2:3] != ("outputs",):
            continue
        if reference.expression is not None and reference.expression.guards(name):
            continue
        callee = bundle.callee(Call(spec, template, absent[name]))
        if callee is None or not _has_default(callee, reference.path[4:5]):
            return name
    return ""


def _has_default(callee: Node, names: tuple[str, ...]) -> bool:
    return any(
        output.name in names and output.at("valueFrom").has("default")
        for output in callee.at("outputs", "parameters").entries()
    )
