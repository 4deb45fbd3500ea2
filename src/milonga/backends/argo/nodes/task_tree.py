"""The tasks of a run, found in the nodes of its Workflow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from milonga.backends.argo.layout.layout import LaidTask, Layout
from milonga.backends.argo.nodes.messages import told
from milonga.backends.argo.nodes.node import Node
from milonga.backends.argo.nodes.states import node_state
from milonga.backends.argo.nodes.task_node import TaskNode, TaskState
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.together.journals import Rows
from milonga.backends.argo.together.member_tasks import member_tasks

_GROUPS = ("DAG", "Steps", "TaskGroup", "StepGroup")
_FAILED = ("Failed", "Error")
_NOTHING_TOLD = "0/1"
"""What Argo says of a pod that runs and has told it nothing."""


class TaskTree:
    """Reads the nodes of one Workflow. Immutable once made.

    Args:
        workflow: the Workflow.
        layout: of the pipeline that it runs; an empty one takes Argo's own names.
        journals: what pods with several tasks have noted, by id of the node.
    """

    def __init__(self, workflow: Workflow, layout: Layout, journals: Mapping[str, Rows] | None = None) -> None:
        self._journals = journals or {}
        self._workflow = workflow
        self._layout = layout
        self._paths: dict[str, str] = {}
        self._retried = {
            child: node.id for node in workflow.nodes.values() if node.type == "Retry" for child in node.children
        }
        self._members: dict[str, dict[str, list[Node]]] = {}
        for node in workflow.nodes.values():
            self._members.setdefault(node.boundary, {}).setdefault(node.task, []).append(node)

    @property
    def root(self) -> Node | None:
        """The node of the whole pipeline; None before the controller has begun."""
        return self._workflow.nodes.get(self._workflow.name)

    def tasks(self) -> tuple[TaskNode, ...]:
        """The tasks, groups included, by path."""
        found = [task for node in self._workflow.nodes.values() if self._is_task(node) for task in self._tasks(node)]
        return tuple(sorted(found, key=lambda task: natural(task.path)))

    def path_of(self, node: Node) -> str:
        """The path of the task that a node belongs to, "" for the pipeline itself."""
        known = self._paths.get(node.id)
        if known is None:
            known = self._paths[node.id] = self._found_path(node)
        return known

    def _found_path(self, node: Node) -> str:
        if node.id == self._workflow.name or not node.boundary:
            return ""
        boundary = self._workflow.nodes.get(node.boundary)
        outer = self.path_of(boundary) if boundary is not None else ""
        laid = self._laid(node)
        if laid.kind == "inner":
            return outer
        if laid.kind == "iteration":
            return outer if node.index is None else f"{outer}[{node.index}]"
        own = laid.name if node.index is None else f"{laid.name}[{node.index}]"
        return f"{outer}/{own}" if outer else own

    def _laid(self, node: Node) -> LaidTask:
        boundary = self._workflow.nodes.get(node.boundary)
        return self._layout.task(boundary.template if boundary is not None else "", node.task)

    def _is_task(self, node: Node) -> bool:
        """Whether a node stands for a task: no root, no helper, no attempt, no bracket around expanded ones."""
        if not node.boundary or node.id in self._retried or node.type == "TaskGroup":
            return False
        kind = self._laid(node).kind
        return kind in ("task", "together") or (kind == "iteration" and node.index is not None)

    def _tasks(self, node: Node) -> Iterator[TaskNode]:
        """The task of a node; of a pod with several ones, these."""
        laid = self._laid(node)
        task = self._task(node)
        if laid.kind != "together":
            yield task
        elif node.id in self._journals:
            yield from member_tasks(
                node,
                task.attempts[-1] if task.attempts else node,
                self._journals[node.id],
                group=laid.name,
                is_cancelled=task.state == "CANCELLED",
            )
        else:
            told_by_pod = task.attempts[-1].progress if task.attempts and task.state == "RUNNING" else ""
            progress = told_by_pod if told_by_pod != _NOTHING_TOLD else ""
            yield replace(task, kind="step", together=laid.name, progress=progress)

    def _task(self, node: Node) -> TaskNode:
        nodes = self._workflow.nodes
        attempts = tuple(nodes[child] for child in node.children if child in nodes) if node.type == "Retry" else ()
        inside = next((attempt for attempt in reversed(attempts) if attempt.type in _GROUPS), None)
        path = self.path_of(node)
        leaf = self._layout.leaf_at(path)
        is_known = leaf is not None and leaf.known is not None
        is_group = not is_known and (node.type in _GROUPS or inside is not None)
        if node.type == "Skipped":
            is_group = leaf is None and bool(self._layout.leaves)
        state = self._state(node)
        return TaskNode(
            path=path,
            kind="group" if is_group else "step",
            state=state,
            node=node,
            attempts=() if is_group else attempts or ((node,) if node.type == "Pod" else ()),
            iterations=self._iterations(inside or node) if is_group else None,
            message=self._message(node, state, is_group=is_group),
        )

    def _iterations(self, node: Node) -> int | None:
        members = self._members.get(node.id, {})
        for name, nodes in members.items():
            if self._layout.task(node.template, name).kind == "iteration":
                return len({member.index for member in nodes if member.index is not None})
        return None

    def _message(self, node: Node, state: TaskState, *, is_group: bool) -> str:
        """What is worth telling: a group repeats what is inside, but for the failure of a helper."""
        if state in ("SUCCEEDED", "SKIPPED", "NOT_RUN"):
            return ""
        if not is_group:
            nodes = self._workflow.nodes
            last = [nodes[child] for child in node.children if child in nodes] if node.type == "Retry" else []
            return told((last[-1].message if last else "") or node.message)
        helpers = (
            member
            for members in self._members.get(node.id, {}).values()
            for member in members
            if self._laid(member).kind == "inner" and member.phase in _FAILED and member.type in ("Pod", "Retry")
        )
        return told(next((helper.message for helper in helpers if helper.message), "") or node.message)

    # States ------------------------------------------------------------------------------------------------------

    def _state(self, node: Node) -> TaskState:
        if node.phase == "Omitted":
            return self._omitted(node, frozenset())
        return node_state(self._workflow, node)

    def _omitted(self, node: Node, seen: frozenset[str]) -> TaskState:
        """SKIPPED where it waited for a skipped task and nothing has failed; else NOT_RUN."""
        states = set(self._awaited(node, seen | {node.id}))
        return "SKIPPED" if "SKIPPED" in states and not states & {"FAILED", "NOT_RUN", "CANCELLED"} else "NOT_RUN"

    def _awaited(self, node: Node, seen: frozenset[str]) -> Iterator[TaskState]:
        for other in self.upstream(node):
            if other.id in seen:
                continue
            yield self._omitted(other, seen) if other.phase == "Omitted" else node_state(self._workflow, other)

    def upstream(self, node: Node) -> Iterator[Node]:
        """The nodes of the tasks that a task waits for, as its template says."""
        boundary = self._workflow.nodes.get(node.boundary)
        members = self._members.get(node.boundary, {})
        for name in waits_for(self._workflow, boundary.template if boundary is not None else "", node.task):
            yield from (member for member in members.get(name, []) if member.id not in self._retried)


def waits_for(workflow: Workflow, template: str, task: str) -> tuple[str, ...]:
    """Names of the tasks that a task of a DAG template waits for."""
    return dag_dependencies(workflow, template).get(task, ())


def dag_dependencies(workflow: Workflow, template: str) -> Mapping[str, tuple[str, ...]]:
    """Names of the tasks that each task of a DAG template waits for, by its own name."""
    tasks = ((workflow.templates.get(template) or {}).get("dag") or {}).get("tasks") or []
    names = {str(task.get("name")) for task in tasks}
    return {
        str(task.get("name")): tuple(
            dict.fromkeys(
                word
                for word in (
                    *re.findall(r"[A-Za-z0-9][-A-Za-z0-9]*", str(task.get("depends") or "")),
                    *(task.get("dependencies") or ()),
                )
                if word in names
            )
        )
        for task in tasks
    }


def natural(path: str) -> tuple[tuple[int, str], ...]:
    """A key that puts `[10]` after `[9]`."""
    parts = re.split(r"(\d+)", path)
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts)
