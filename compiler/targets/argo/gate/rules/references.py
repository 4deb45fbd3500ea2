"""References that resolve."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.calls import has_loop, steps_of, tasks_of
from milonga.compiler.targets.argo.gate.dags.dag import Dag
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node
from milonga.compiler.targets.argo.gate.rules.visible import Visible
from milonga.compiler.targets.argo.gate.tags.reference import references_in


def references_resolve(bundle: Bundle) -> Iterator[Fault]:
    """What a template asks for is an input of it, an output of what is done before, or something of the workflow."""
    for spec in bundle.specs():
        yield from _asked(bundle, spec.at("podSpecPatch"), Visible(bundle, spec, spec, is_anywhere=True))
        for template in spec.at("templates").entries():
            yield from _template(bundle, spec, template)


def _template(bundle: Bundle, spec: Node, template: Node) -> Iterator[Fault]:
    base = Visible(bundle, spec, template)
    for field in template.children():
        name = field.steps[-1]
        if name == "dag":
            yield from _tasks(bundle, base, template)
            yield from _asked(bundle, field.at("target"), base)
        elif name == "steps":
            yield from _steps(bundle, base, template)
        elif name in ("outputs", "metrics", "hooks", "memoize"):
            every = {task.name: task for task in (*tasks_of(template), *steps_of(template))}
            yield from _asked(bundle, field, base.with_nodes(every, every))
        else:
            yield from _asked(bundle, field, base)


def _tasks(bundle: Bundle, base: Visible, template: Node) -> Iterator[Fault]:
    dag = Dag.of(template)
    is_broken = dag.order() is None
    for task in tasks_of(template):
        # In a circle everything is before everything: what is wrong there is the circle.
        before = dag.tasks.keys() if is_broken else dag.ancestors(task.name)
        done = {name: dag.tasks[name] for name in before}
        yield from _caller(bundle, base, task, done, dag.tasks)


def _steps(bundle: Bundle, base: Visible, template: Node) -> Iterator[Fault]:
    every = {step.name: step for step in steps_of(template)}
    done: dict[str, Node] = {}
    for group in template.at("steps").elements():
        for step in group.entries():
            yield from _caller(bundle, base, step, done, every)
        done = {**done, **{step.name: step for step in group.entries()}}


def _caller(
    bundle: Bundle, base: Visible, caller: Node, done: dict[str, Node], every: dict[str, Node]
) -> Iterator[Fault]:
    own = {**done, caller.name: caller}
    for field in caller.children():
        name = field.steps[-1]
        if name in ("depends", "dependencies", "inline"):
            continue
        nodes = own if name in ("hooks", "onExit") else done
        # The items themselves are made before there is an item.
        loops = has_loop(caller) and name not in ("withItems", "withParam", "withSequence")
        yield from _asked(bundle, field, base.with_nodes(nodes, every, has_item=loops))


def _asked(bundle: Bundle, node: Node, visible: Visible) -> Iterator[Fault]:
    for reference in references_in(node):
        problem = visible.problem(reference)
        if problem is not None:
            yield Fault(
                "E329",
                problem.message,
                reference.node,
                severity=problem.severity,
                got=reference.shown,
                expected=problem.expected,
                hint=bundle.spelling.nearest(problem.name, problem.known) if problem.known else "",
            )
