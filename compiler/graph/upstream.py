"""What a task waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from milonga.compiler.graph.task import Task


def upstream(tasks: Mapping[str, Task], name: str, *, past_failures: bool) -> Iterator[Task]:
    """A task and all that it waits for, be it by way of others, each once and the task itself first.

    Args:
        tasks: of its DAG, or some of them; others are not looked at.
        name: of the task.
        past_failures: also what lies behind a task that runs although something before it has failed, and so says
            nothing about it.
    """
    waiting, seen = [name], {name}
    while waiting:
        task = tasks[waiting.pop()]
        yield task
        if past_failures or not task.runs_anyway:
            new = sorted((task.producers() & tasks.keys()) - seen)
            seen.update(new)
            waiting += new
