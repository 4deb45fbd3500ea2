"""Runs with all that Argo and Kubernetes say about them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from milonga.backends.argo.advice import advice_on
from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.layout.layout import Layout
from milonga.backends.argo.looks import layout_of, run_error, workflow_named
from milonga.backends.argo.marks import OURS, PIPELINE
from milonga.backends.argo.nodes.messages import new_reasons, told
from milonga.backends.argo.nodes.node import Node
from milonga.backends.argo.nodes.states import node_state, run_state
from milonga.backends.argo.nodes.task_node import TaskNode
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.outputs.reused import reused_results
from milonga.backends.argo.pods import MAIN, Pod, pods_of, reasons_of
from milonga.backends.argo.resources import WORKFLOWS
from milonga.backends.argo.run_tasks import tasks_of
from milonga.backends.call_failed import CallFailed
from milonga.backends.described_run import DescribedRun
from milonga.backends.described_task import DescribedAttempt, DescribedTask
from milonga.backends.run_summary import RunSummary
from milonga.compiler.targets.argo.names import pipeline_label
from milonga.runtime.argo.layout import REUSE_PARAMETER

_EXPLAINED_MAX = 20
"""Of how many pods the events are read: each is a request, and a hundred pods wait for the same reason."""


def listed(connection: ArgoConnection, *, pipeline: str, state: str, limit: int) -> tuple[RunSummary, ...]:
    """Runs of milonga's pipelines, the newest first.

    Raises:
        CallFailed: E800-E808.
    """
    selector = f"{OURS},{PIPELINE}={pipeline_label(pipeline)}" if pipeline else OURS
    found = connection.listed(WORKFLOWS, labelSelector=selector)
    found.sort(key=lambda item: str((item.get("metadata") or {}).get("creationTimestamp") or ""), reverse=True)
    chosen: list[RunSummary] = []
    for item in found:
        # a list of hundreds needs no tasks, and those of one may be unreadable
        status = {**(item.get("status") or {}), "nodes": {}, "compressedNodes": "", "offloadNodeStatusVersion": ""}
        summary = summary_of(connection, Workflow.from_json({**item, "status": status}), ())
        if not state or summary.state == state.upper():
            chosen.append(summary)
        if len(chosen) == limit:
            break
    return tuple(chosen)


def summary_of(connection: ArgoConnection, workflow: Workflow, tasks: tuple[TaskNode, ...]) -> RunSummary:
    """A run in a list."""
    return RunSummary(
        run_id=workflow.name,
        name=workflow.run_name,
        pipeline=workflow.pipeline,
        state=run_state(workflow),
        created_at=workflow.created_at,
        ended_at=workflow.ended_at,
        progress=str(workflow.status.get("progress") or ""),
        schedule=workflow.schedule,
        error=run_error(workflow, tasks),
        url=connection.page(workflow.name),
    )


def described(connection: ArgoConnection, run_id: str) -> DescribedRun:
    """A run with its tasks, and why those wait or have failed.

    Raises:
        UsageError: E939, no id.
        CallFailed: E800-E808; E812, there is none; E833, it cannot be read.
    """
    workflow = workflow_named(connection, run_id)
    layout = layout_of(connection, workflow)
    tasks = tasks_of(connection, workflow, layout)
    pods = _pods(connection, workflow)
    told = _reasons(connection, tasks, pods)
    reused = reused_results(connection, workflow, layout, tasks)
    return DescribedRun(
        summary=summary_of(connection, workflow, tasks),
        place=connection.namespace,
        arguments=arguments_of(workflow, layout),
        tasks=tuple(_task(workflow, task, pods, told, reused) for task in tasks),
    )


def arguments_of(workflow: Workflow, layout: Layout) -> dict[str, Any]:
    """What a run was given, by input of the pipeline."""
    inputs = {parameter: name for name, parameter in layout.inputs.items()}
    found = {inputs.get(name, name): _value(text) for name, text in workflow.parameters.items()}
    found.pop(REUSE_PARAMETER, None)
    return {name: value for name, value in found.items() if value is not None}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _pods(connection: ArgoConnection, workflow: Workflow) -> dict[str, Pod]:
    try:
        return pods_of(connection, workflow.name)
    except CallFailed as failure:
        if failure.status == 403:
            return {}  # who may look at runs need not be allowed to look at pods
        raise


def _reasons(
    connection: ArgoConnection, tasks: tuple[TaskNode, ...], pods: Mapping[str, Pod]
) -> dict[str, tuple[str, ...]]:
    """What the cluster says about the pods of tasks that wait or have failed, by id of the node."""
    found: dict[str, tuple[str, ...]] = {}
    for task in tasks:
        for node in task.attempts[-1:]:
            pod = pods.get(node.id)
            if pod is not None and task.state in ("PENDING", "RUNNING", "FAILED") and len(found) < _EXPLAINED_MAX:
                found[node.id] = reasons_of(connection, pod, with_events=task.state != "RUNNING")
    return found


def _task(
    workflow: Workflow,
    task: TaskNode,
    pods: Mapping[str, Pod],
    told: Mapping[str, tuple[str, ...]],
    reused: Mapping[str, str],
) -> DescribedTask:
    attempts = tuple(_attempt(workflow, number, node, pods) for number, node in enumerate(task.attempts, 1))
    reasons = told.get(task.attempts[-1].id, ()) if task.attempts else ()
    message = task.message
    if not message and task.state == "PENDING" and reasons:
        message = reasons[0].removeprefix(f"container {MAIN}: ")  # Argo says it late, or not at all
    return DescribedTask(
        path=task.path,
        kind=task.kind,
        state=task.state,
        started_at=task.started_at,
        ended_at=task.ended_at,
        attempts=attempts,
        iterations=task.iterations,
        together=task.together,
        progress=task.progress,
        message=message,
        reasons=_with_advice(new_reasons(reasons, message), message, task),
        result_of=reused.get(task.path, ""),
    )


def _with_advice(reasons: tuple[str, ...], message: str, task: TaskNode) -> tuple[str, ...]:
    """Reasons, and what can be done about the first one that something can be done about."""
    if task.state == "SUCCEEDED":
        return reasons
    advice = next(filter(None, map(advice_on, (message, *reasons))), "")
    return (*reasons, advice) if advice else reasons


def _attempt(workflow: Workflow, number: int, node: Node, pods: Mapping[str, Pod]) -> DescribedAttempt:
    return DescribedAttempt(
        attempt=number,
        state=node_state(workflow, node),
        pod=pods[node.id].name if node.id in pods else "",
        started_at=node.started_at,
        ended_at=node.ended_at,
        exit_code=node.exit_code,
        message=told(node.message) if node.phase != "Succeeded" else "",
    )
