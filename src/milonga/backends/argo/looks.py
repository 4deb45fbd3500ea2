"""Looking at runs."""

from __future__ import annotations

import time

from milonga.backends.absent import absent
from milonga.backends.argo.advice import advised
from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.layout.layout import Layout
from milonga.backends.argo.nodes.states import run_state
from milonga.backends.argo.nodes.task_node import TaskNode
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.pods import pods_of, reasons_of
from milonga.backends.argo.resources import CONFIG_MAPS, WORKFLOWS
from milonga.backends.argo.run_tasks import tasks_of
from milonga.backends.call_failed import CallFailed
from milonga.backends.ids import checked_id
from milonga.backends.remote_run import RemoteRun
from milonga.backends.remote_task import RemoteTask

_LATE_S = 15.0


def workflow_named(connection: ArgoConnection, run_id: str) -> Workflow:
    """The Workflow of a run.

    Raises:
        UsageError: E939, no id.
        CallFailed: E800-E808; E812, there is none; E833, it cannot be read.
    """
    checked_id("run", run_id)
    try:
        return Workflow.from_json(connection.read("GET", WORKFLOWS, run_id))
    except CallFailed as failure:
        raise absent("run", run_id, failure) from None


def layout_of(connection: ArgoConnection, workflow: Workflow) -> Layout:
    """The layout of what a Workflow runs, read once a connection; an empty one where there is none.

    Raises:
        CallFailed: E800-E808; E833, it is there and broken.
    """
    name = workflow.code
    if not name:
        return Layout()
    return connection.kept(f"layout {name}", lambda: _read_layout(connection, workflow, name))


def _read_layout(connection: ArgoConnection, workflow: Workflow, name: str) -> Layout:
    try:
        document = connection.read("GET", CONFIG_MAPS, name)
    except CallFailed as failure:
        if failure.status == 404:
            return Layout()  # deleted: the run is shown all the same, in Argo's own words
        raise
    try:
        return Layout.from_config_map(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CallFailed(
            "E833",
            f"the layout of run '{workflow.name}' cannot be read",
            outcome="refused",
            is_passing=False,
            where=f"ConfigMap {name}",
            got=f"{type(error).__name__}: {error}",
            hint="it was made by another version of milonga, or changed by hand",
        ) from None


def remote_run(connection: ArgoConnection, run_id: str) -> RemoteRun:
    """A run as it is now, in the words of all back ends.

    Raises:
        UsageError: E939, no id.
        CallFailed: E800-E808; E812, there is none; E833, it cannot be read.
    """
    workflow = workflow_named(connection, run_id)
    tasks = tasks_of(connection, workflow, layout_of(connection, workflow))
    waiting = {} if workflow.has_ended else _waiting_reasons(connection, workflow, tasks)
    return RemoteRun(
        run_id=workflow.name,
        state=run_state(workflow),
        tasks=tuple(
            RemoteTask(
                task.node.id,
                task.path,
                task.state,
                error=task.message or waiting.get(task.path, ""),
                progress=task.progress,
            )
            for task in tasks
        ),
        error=run_error(workflow, tasks),
        url=connection.page(workflow.name),
    )


def _waiting_reasons(connection: ArgoConnection, workflow: Workflow, tasks: tuple[TaskNode, ...]) -> dict[str, str]:
    """Why steps wait longer than a pod usually needs, by path: an image that cannot be pulled, for one.

    Argo says it only of some reasons. Who may not look at pods is told nothing.
    """
    late = [task for task in tasks if _is_late(task)]
    if not late:
        return {}
    try:
        pods = pods_of(connection, workflow.name)
    except CallFailed:
        return {}
    found: dict[str, str] = {}
    for task in late:
        pod = pods.get(task.attempts[-1].id)
        reasons = reasons_of(connection, pod, with_events=False) if pod is not None else ()
        if reasons:
            found[task.path] = reasons[0]
    return found


def _is_late(task: TaskNode) -> bool:
    if task.state != "PENDING" or task.message or not task.attempts:
        return False
    return time.time() - (task.attempts[-1].started_at or time.time()) > _LATE_S


def run_error(workflow: Workflow, tasks: tuple[TaskNode, ...]) -> str:
    """Why a run has failed: what its first failed task says, with its path, and what to do; else what Argo says."""
    if workflow.phase not in ("Failed", "Error"):
        return ""
    if workflow.shutdown and first_failed(tasks) is None:
        return ""  # somebody has asked for this end
    failed = first_failed(tasks)
    if failed is not None:
        return f"{failed.path}: {advised(failed.message) or 'failed'}"
    return str(workflow.status.get("message") or "")


def first_failed(tasks: tuple[TaskNode, ...]) -> TaskNode | None:
    """The step that failed first; a group where no step did."""
    failed = [task for task in tasks if task.state == "FAILED"]
    failed.sort(key=lambda task: (task.kind == "group", not task.message, task.ended_at or 0.0))
    return failed[0] if failed else None
