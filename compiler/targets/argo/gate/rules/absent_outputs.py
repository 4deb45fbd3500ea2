"""Outputs that are asked for although their task may not have any."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.calls import Call, has_loop
from milonga.compiler.targets.argo.gate.dags.dag import Dag, may_be_skipped
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node
from milonga.compiler.targets.argo.gate.tags.reference import Reference, references_in

_WHY = {
    "Skipped": "is skipped",
    "Omitted": "is left out",
    "Failed": "fails",
    "Errored": "fails",
}


def outputs_are_there(bundle: Bundle) -> Iterator[Fault]:
    """Who may run without a task's success asks for its outputs only where something stands in for them."""
    for spec in bundle.specs():
        for template in spec.at("templates").entries():
            if template.has("dag"):
                yield from _of_dag(bundle, spec, template)
            elif template.has("steps"):
                yield from _of_steps(bundle, spec, template)


def _of_dag(bundle: Bundle, spec: Node, template: Node) -> Iterator[Fault]:
    dag = Dag.of(template)
    ends = dag.outcomes()
    for name, task in dag.tasks.items():
        for reference in _outputs_asked_for(task, "tasks", dag.tasks):
            source = reference.path[1]
            for end in sorted(ends.get(source, frozenset()) - {"Succeeded"}):
                if dag.may_run(name, source, end, ends) and not _is_guarded(
                    bundle, Call(spec, template, task), dag.tasks[source], reference, end
                ):
                    yield _fault(reference, source, end)
                    break


def _of_steps(bundle: Bundle, spec: Node, template: Node) -> Iterator[Fault]:
    before: dict[str, Node] = {}
    for group in template.at("steps").elements():
        for step in group.entries():
            for reference in _outputs_asked_for(step, "steps", before):
                source = before[reference.path[1]]
                may_skip = may_be_skipped(source)
                if may_skip and not _is_guarded(bundle, Call(spec, template, step), source, reference, "Skipped"):
                    yield _fault(reference, source.name, "Skipped")
        before.update({step.name: step for step in group.entries()})


def _fault(reference: Reference, source: str, end: str) -> Fault:
    return Fault(
        "E337",
        f"an output of '{source}' is asked for, and there is none when '{source}' {_WHY[end]}",
        reference.node,
        got=reference.shown,
        expected=f"{{{{={reference.path[0]}['{source}']?.outputs?.parameters?.NAME ?? 'null'}}}}",
        hint=f"run only when '{source}' succeeded, or give the output or the input a default",
    )


def _outputs_asked_for(caller: Node, root: str, known: dict[str, Node]) -> Iterator[Reference]:
    for field in caller.children():
        if field.steps[-1] in ("hooks", "inline"):
            continue
        for reference in references_in(field):
            path = reference.path
            if path[0] == root and path[1:2] and path[1] in known and path[2:3] == ("outputs",):
                yield reference


def _is_guarded(bundle: Bundle, call: Call, source: Node, reference: Reference, end: str) -> bool:
    """Whether something stands in for the output when its task ended that way."""
    name = reference.path[1]
    if reference.expression is not None and reference.expression.guards(name):
        return True
    if end == "Skipped" and source.at("when").text and source.at("when").text == call.caller.at("when").text:
        return True  # under one condition both are skipped
    callee = bundle.callee(Call(call.spec, call.template, source))
    if callee is None:
        return True  # it is not among these documents
    failed = end in ("Failed", "Errored")
    is_group = callee.has("dag", "steps")
    if failed and is_group:
        return False  # even a default of the input does not help there
    if failed and reference.path[3:4] == ("result",):
        return True
    port, names = reference.path[3:4], reference.path[4:5]
    if port == ("artifacts",):
        return failed or _is_optional(bundle, call, callee, reference)
    stands_in = not has_loop(source) and any(
        output.name in names and output.at("valueFrom").has("default")
        for output in callee.at("outputs", "parameters").entries()
    )
    return stands_in or (
        not failed and reference.expression is None and _input_has_default(bundle, call, reference.node)
    )


def _argument(node: Node) -> tuple[str, str]:
    """The port and name of the argument whose value a text is, or ("", "")."""
    steps = node.steps
    if len(steps) < 4 or steps[-1] not in ("value", "from") or steps[-4] != "arguments":
        return "", ""
    return str(steps[-3]), Node(node.document, (), node.document.data).at(*steps[:-1]).name


def _input_has_default(bundle: Bundle, call: Call, node: Node) -> bool:
    port, name = _argument(node)
    callee = bundle.callee(call)
    if not name or callee is None:
        return False
    return any(entry.name == name and entry.has("default", "value") for entry in callee.at("inputs", port).entries())


def _is_optional(bundle: Bundle, call: Call, source: Node, reference: Reference) -> bool:
    port, name = _argument(reference.node)
    callee = bundle.callee(call)
    inputs = callee.at("inputs", "artifacts").entries() if callee is not None and port == "artifacts" else ()
    outputs = source.at("outputs", "artifacts").entries()
    wanted = reference.path[4:5]
    return any(entry.name == name and entry.at("optional").value for entry in inputs) or any(
        entry.name in wanted and entry.at("optional").value for entry in outputs
    )
