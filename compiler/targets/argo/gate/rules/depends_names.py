"""What tasks wait for."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.calls import has_loop, tasks_of
from milonga.compiler.targets.argo.gate.dags.condition import ITEM_RESULTS
from milonga.compiler.targets.argo.gate.dags.dag import Dag
from milonga.compiler.targets.argo.gate.dags.depends import RESULTS, read_depends
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node


def waited_tasks_exist(bundle: Bundle) -> Iterator[Fault]:
    """`depends`, `dependencies` and `target` name tasks of the same DAG, and results that tasks have."""
    for template in bundle.templates():
        dag = Dag.of(template)
        for task in tasks_of(template):
            yield from _depends(bundle, dag, task.at("depends"))
            for node in task.at("dependencies").elements():
                yield from _unknown(bundle, dag, node, node.text)
        target = template.at("dag", "target")
        for name in target.text.split():
            if "{{" not in target.text:
                yield from _unknown(bundle, dag, target, name)


def _depends(bundle: Bundle, dag: Dag, node: Node) -> Iterator[Fault]:
    read = read_depends(node.text)
    if not node.text:
        return
    if read.problem:
        hint = "write it of TASK.RESULT, &&, ||, ! and parentheses"
        yield Fault("E335", f"`depends` cannot be read: {read.problem}", node, got=node.text, hint=hint)
        return
    for name, result in dict.fromkeys(read.names):
        if name not in dag.tasks:
            yield from _unknown(bundle, dag, node, name)
        elif result and result not in RESULTS:
            hint = bundle.spelling.nearest(result, RESULTS)
            yield Fault("E335", f"tasks have no result '{result}'", node, got=f"{name}.{result}", hint=hint)
        elif result in ITEM_RESULTS and not has_loop(dag.tasks[name]):
            message = f"'{result}' is a result of loops, and '{name}' is none"
            yield Fault("E335", message, node, got=f"{name}.{result}", expected=f"{name}.Succeeded")


def _unknown(bundle: Bundle, dag: Dag, node: Node, name: str) -> Iterator[Fault]:
    if name not in dag.tasks:
        hint = bundle.spelling.nearest(name, dag.tasks)
        yield Fault("E335", f"there is no task '{name[:128]}' in this DAG", node, got=name, hint=hint)
