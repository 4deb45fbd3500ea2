"""The tasks of a run that a user's words mean."""

from __future__ import annotations

from milonga.backends.argo.nodes.task_node import TaskNode
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.lineage.records import RunRecord
from milonga.lineage.selection import path_ending


def tasks_named(workflow: Workflow, tasks: tuple[TaskNode, ...], name: str) -> tuple[TaskNode, ...]:
    """A task and everything inside it; all tasks for "".

    Args:
        workflow: the run.
        tasks: all of its tasks.
        name: a path, or an ending of one that no other has.

    Raises:
        UsageError: E913 there is no such task, E953 several end so.
    """
    if not name:
        return tasks
    path = path_named(workflow, tasks, name)
    return tuple(task for task in tasks if task.path == path or task.path.startswith((f"{path}/", f"{path}[")))


def path_named(workflow: Workflow, tasks: tuple[TaskNode, ...], name: str) -> str:
    """The path of the one task that is meant.

    Raises:
        UsageError: E913 there is no such task, E953 several end so.
    """
    paths = [task.path for task in tasks]
    if name in paths:
        return name
    run = RunRecord(workflow.name, workflow.pipeline, "", "RUNNING", workflow.created_at or 0.0)
    return path_ending(run, paths, name)
