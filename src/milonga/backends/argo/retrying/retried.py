"""Retrying a run on the cluster."""

from __future__ import annotations

import time

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.looks import layout_of, workflow_named
from milonga.backends.argo.marks import COMPLETED, WORKFLOW
from milonga.backends.argo.nodes.task_tree import natural
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.pods import pods_of
from milonga.backends.argo.resources import PODS, TASK_RESULTS, WORKFLOWS, Resource
from milonga.backends.argo.retrying.plan import RetryPlan, retry_patch
from milonga.backends.argo.run_tasks import tasks_of
from milonga.backends.attempts import removed
from milonga.backends.call_failed import CallFailed
from milonga.errors import UsageError

_CHANGES_MAX = 5
_RELEASED_S = 30.0
_GONE_S = 60.0
"""How long pods that have ended may take to disappear."""


def retried(connection: ArgoConnection, run_id: str) -> tuple[str, ...]:
    """Let the controller do the failed part of a run again.

    First the pods and results of that part are deleted, since a new attempt has pods of the same names; then one patch
    opens the run. Whatever interrupts this in between leaves a failed run, which can be retried.

    Returns:
        Paths of the steps that begin again.

    Raises:
        UsageError: E939, no id; E943, it goes on, or nothing of it has failed.
        CallFailed: E800-E808; E812, there is no such run; E838, it changes all the time, or its pods stay.
    """
    for _ in range(_CHANGES_MAX):
        workflow = _released(connection, run_id)
        plan = _plan(workflow)
        _forget(connection, workflow, plan)
        try:
            connection.read("PATCH", WORKFLOWS, run_id, body=retry_patch(workflow, plan))
        except CallFailed as failure:
            if failure.status != 409:
                raise
            continue
        return _paths(connection, workflow, plan)
    raise CallFailed(
        "E838",
        f"run '{run_id}' cannot be retried now",
        outcome="refused",
        is_passing=True,
        got=f"it was changed {_CHANGES_MAX} times while this was tried",
        hint="somebody else may be retrying it: look at it, and try again",
    )


def _released(connection: ArgoConnection, run_id: str) -> Workflow:
    """The run, when its controller has let go of it: for a moment after the end it still writes what it knew before."""
    end = time.monotonic() + _RELEASED_S
    while True:
        workflow = workflow_named(connection, run_id)
        labels = workflow.metadata.get("labels") or {}
        if not workflow.has_ended or labels.get(COMPLETED) == "true" or time.monotonic() > end:
            return workflow
        time.sleep(0.5)


def _plan(workflow: Workflow) -> RetryPlan:
    if not workflow.has_ended:
        hint = f"milonga cancel {workflow.name} --to argo ends it"
        raise UsageError("E943", f"run '{workflow.name}' goes on", got=workflow.phase or "Pending", hint=hint)
    if workflow.phase == "Succeeded":
        hint = "start a new run: milonga submit"
        raise UsageError("E943", f"nothing of run '{workflow.name}' has failed", got=workflow.phase, hint=hint)
    return RetryPlan.of(workflow)


def _forget(connection: ArgoConnection, workflow: Workflow, plan: RetryPlan) -> None:
    """Delete the pods and the results of nodes that are made again, and wait until they are gone."""
    for result in connection.listed(TASK_RESULTS, labelSelector=f"{WORKFLOW}={workflow.name}"):
        name = str(result["metadata"]["name"])
        if name in plan.removed:
            _delete(connection, TASK_RESULTS, name)
    end = time.monotonic() + _GONE_S
    asked: set[str] = set()
    while True:
        left = {node: pod.name for node, pod in pods_of(connection, workflow.name).items() if node in plan.removed}
        if not left:
            return
        for pod in sorted(set(left.values()) - asked):
            _delete(connection, PODS, pod)
            asked.add(pod)
        if time.monotonic() > end:
            raise CallFailed(
                "E838",
                f"run '{workflow.name}' cannot be retried now",
                outcome="refused",
                is_passing=True,
                got=f"its pods do not go away: {', '.join(sorted(left.values())[:5])}",
                hint="their node may be gone: delete them with `kubectl delete pod --force`",
            )
        time.sleep(0.5)


def _delete(connection: ArgoConnection, resource: Resource, name: str) -> None:
    try:
        removed(lambda: connection.ask("DELETE", resource, name), connection.patience)
    except CallFailed as failure:
        if failure.status != 404:
            raise


def _paths(connection: ArgoConnection, workflow: Workflow, plan: RetryPlan) -> tuple[str, ...]:
    steps = (task for task in tasks_of(connection, workflow, layout_of(connection, workflow)) if task.kind == "step")
    found = {
        task.path
        for task in steps
        if (task.holder or task.node.id) in plan.removed and not (task.holder and task.state == "SUCCEEDED")
    }
    return tuple(sorted(found, key=natural))
