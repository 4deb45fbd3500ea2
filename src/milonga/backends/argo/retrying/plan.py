"""What has to be forgotten of a failed Workflow, so that its controller does that part again.

Seen on Argo 3.7: a controller that finds a Workflow without some of its nodes makes those again, and takes the others
as they are. So a retry is one merge patch, which is applied whole or not at all.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from milonga.backends.argo.marks import COMPLETED, PHASE
from milonga.backends.argo.nodes.node import Node
from milonga.backends.argo.nodes.task_tree import dag_dependencies
from milonga.backends.argo.nodes.workflow import Workflow

_ARCHIVED = "workflows.argoproj.io/workflow-archiving-status"
_GROUPS = ("DAG", "TaskGroup", "Steps", "StepGroup")
_UNFINISHED = ("Failed", "Error", "Omitted", "Pending", "Running", "")


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """The nodes of a Workflow that are forgotten, and those that begin again.

    Attributes:
        removed: ids of nodes that are forgotten, with what they have made.
        reopened: ids of nodes that hold others and go on.
    """

    removed: frozenset[str]
    reopened: frozenset[str]

    @classmethod
    def of(cls, workflow: Workflow) -> RetryPlan:
        """The plan for an ended Workflow; nothing is removed when all of it went well."""
        return _Planner(workflow).plan()


class _Planner:
    """Walks the DAGs of one Workflow, the root first."""

    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow
        self._members: dict[str, list[Node]] = {}
        for node in workflow.nodes.values():
            self._members.setdefault(node.boundary, []).append(node)
        self._retries = {
            child: node.id for node in workflow.nodes.values() if node.type == "Retry" for child in node.children
        }
        self._removed: set[str] = set()
        self._reopened: set[str] = set()

    def plan(self) -> RetryPlan:
        root = self._workflow.nodes.get(self._workflow.name)
        if root is not None:
            if root.type in _GROUPS:
                self._reopen(root)
            else:
                self._remove(root)
        for node in self._members.get("", []):
            if root is None or node.id != root.id:
                self._remove(node)  # what runs at the end of the whole runs at its new end
        return RetryPlan(frozenset(self._removed), frozenset(self._reopened))

    def _reopen(self, dag: Node) -> None:
        """Go on with a DAG: forget its unfinished tasks and all that come after them; keep what went well inside."""
        self._reopened.add(dag.id)
        tasks: dict[str, list[Node]] = {}
        for node in self._members.get(dag.id, []):
            if node.id not in self._retries:
                tasks.setdefault(node.task, []).append(node)
        begun = {name for name, nodes in tasks.items() if any(node.phase in _UNFINISHED for node in nodes)}
        later = self._after(dag, begun)
        for name, nodes in tasks.items():
            if name in later:
                for node in nodes:
                    self._remove(node)
            elif name in begun:
                for node in nodes:
                    self._begin_again(node)

    def _begin_again(self, node: Node) -> None:
        if node.phase not in _UNFINISHED:
            return  # an iteration that went well, beside one that did not
        if node.type == "TaskGroup":
            self._reopened.add(node.id)
        elif node.type in _GROUPS and self._has_kept(node):
            self._reopen(node)
        else:
            self._remove(node)  # a group in which nothing went well may have been given nothing: a new one is asked for

    def _has_kept(self, group: Node) -> bool:
        """Whether any pod inside of a group has ended well."""
        waiting = list(self._members.get(group.id, []))
        while waiting:
            found = waiting.pop()
            if found.type == "Pod" and found.phase == "Succeeded":
                return True
            waiting += self._members.get(found.id, [])
        return False

    def _after(self, dag: Node, begun: set[str]) -> set[str]:
        """Tasks that wait for one of `begun`, directly or through others."""
        awaited = dag_dependencies(self._workflow, dag.template)
        later: set[str] = set()
        while True:
            more = {
                name
                for name, names in awaited.items()
                if name not in later and any(other in begun or other in later for other in names)
            }
            if not more:
                return later
            later |= more

    def _remove(self, node: Node) -> None:
        """Forget a node with its attempts and everything inside of it."""
        waiting = [node]
        while waiting:
            found = waiting.pop()
            if found.id in self._removed:
                continue
            self._removed.add(found.id)
            self._reopened.discard(found.id)
            waiting += self._members.get(found.id, [])
            if found.type == "Retry":
                waiting += [self._workflow.nodes[id] for id in found.children if id in self._workflow.nodes]


def retry_patch(workflow: Workflow, plan: RetryPlan, now: datetime | None = None) -> dict[str, Any]:
    """The merge patch that lets the controller go on. It fails if the Workflow has changed since it was read.

    Args:
        workflow: as it was read.
        plan: for it.
        now: when its time begins to count again; by default the present.
    """
    status = workflow.status
    completed = status.get("taskResultsCompletionStatus") or {}
    patch: dict[str, Any] = {
        "phase": "Running",
        "finishedAt": None,
        "message": None,
        "startedAt": (now or datetime.now(timezone.utc)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "conditions": [item for item in status.get("conditions") or [] if item.get("type") != "Completed"] or None,
        "synchronization": None,
        **_nodes_patch(workflow, plan),
    }
    if status.get("storedWorkflowTemplateSpec"):  # the controller has copied the end that was asked for
        patch["storedWorkflowTemplateSpec"] = {"shutdown": None, "suspend": None}
    if completed:
        patch["taskResultsCompletionStatus"] = {id: None for id in completed if id in plan.removed}
    return {
        "metadata": {
            "resourceVersion": workflow.metadata.get("resourceVersion"),
            "labels": {COMPLETED: "false", PHASE: "Running", _ARCHIVED: None},
        },
        "spec": {"shutdown": None, "suspend": None},
        "status": patch,
    }


def _nodes_patch(workflow: Workflow, plan: RetryPlan) -> dict[str, Any]:
    changes = {id: change for id, change in _changes(workflow, plan) if change is None or change}
    if not workflow.status.get("compressedNodes"):
        return {"nodes": changes}
    whole = {
        id: {key: value for key, value in {**node.document, **(changes.get(id) or {})}.items() if value is not None}
        for id, node in workflow.nodes.items()
        if id not in plan.removed
    }
    packed = base64.b64encode(gzip.compress(json.dumps(whole, separators=(",", ":")).encode(), mtime=0))
    return {"compressedNodes": packed.decode()}


def _changes(workflow: Workflow, plan: RetryPlan) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """What a merge patch says of each node; an empty one for nothing."""
    for id, node in workflow.nodes.items():
        if id in plan.removed:
            yield id, None
            continue
        change: dict[str, Any] = {}
        if id in plan.reopened:
            change = {"phase": "Running", "finishedAt": None, "message": None, "outboundNodes": None, "outputs": None}
        if any(child in plan.removed for child in node.children):
            kept = [child for child in node.children if child not in plan.removed]
            change["children"] = kept or None
        yield id, change
