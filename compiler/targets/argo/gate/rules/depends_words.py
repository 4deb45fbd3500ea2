"""Names of tasks that `depends` cannot hold."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.calls import tasks_of
from milonga.compiler.targets.argo.gate.dags.dag import Dag
from milonga.compiler.targets.argo.gate.dags.depends import WORDS
from milonga.compiler.targets.argo.gate.fault import Fault


def waited_tasks_can_be_named(bundle: Bundle) -> Iterator[Fault]:
    """Where tasks wait for each other, none is named like a word of the expression language or begins with a digit."""
    for template in bundle.templates():
        dag = Dag.of(template)
        waits = dag.uses_depends or any(depends.names for depends in dag.depends.values())
        for task in tasks_of(template) if waits else ():
            if task.name in WORDS:
                message = "a task is named like a word of the language of `depends`"
                yield Fault("E336", message, task.at("name"), got=task.name, hint="append something to the name")
            elif task.name[:1].isdigit():
                message = "the name of a task begins with a digit, which `depends` cannot read"
                yield Fault("E336", message, task.at("name"), got=task.name, hint="put a letter before it")
