"""The tasks of a run, those that shared a pod included."""

from __future__ import annotations

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.layout.layout import Layout
from milonga.backends.argo.nodes.task_node import TaskNode
from milonga.backends.argo.nodes.task_tree import TaskTree
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.together.journals import journals_of


def tasks_of(connection: ArgoConnection, workflow: Workflow, layout: Layout) -> tuple[TaskNode, ...]:
    """The tasks, groups included, by path."""
    return TaskTree(workflow, layout, journals_of(connection, workflow, layout)).tasks()
