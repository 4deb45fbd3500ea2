"""Runs of a KFP server."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from milonga.backends.attempts import made_once
from milonga.backends.kfp.kfp_connection import KfpConnection
from milonga.backends.kfp.queries import equals, required_id
from milonga.backends.kfp.task_names import task_names
from milonga.backends.marks import new_mark
from milonga.backends.remote_run import RemoteRun
from milonga.backends.remote_state import ENDED, RemoteState, state_from
from milonga.backends.remote_task import RemoteTask
from milonga.backends.submitted_run import SubmittedRun

STATES: Mapping[str, RemoteState] = {
    "PENDING": "PENDING",
    "RUNNING": "RUNNING",
    "SUCCEEDED": "SUCCEEDED",
    "SKIPPED": "SKIPPED",
    "FAILED": "FAILED",
    "CANCELING": "CANCELLING",
    "CANCELED": "CANCELLED",
    "PAUSED": "PAUSED",
}
"""KFP's `RuntimeState`."""

_LAG_S = 1.5
"""The API lags behind the workflow by up to this: a run that has ended may list tasks that have not."""


def started_run(
    connection: KfpConnection,
    name: str,
    experiment: str,
    version: tuple[str, str],
    parameters: Mapping[str, Any],
) -> SubmittedRun:
    """Start a run of an uploaded version.

    The server makes a run for each request that reaches it, so the description carries a mark by which the run can be
    found when the answer is lost.

    Args:
        connection: the server.
        name: the run's name.
        experiment: id of the experiment.
        version: ids of the pipeline and of its version.
        parameters: JSON values by input name.

    Raises:
        CallFailed: E800-E809.
    """
    from kfp_server_api import V2beta1PipelineVersionReference, V2beta1Run

    mark = new_mark()
    body = V2beta1Run(
        display_name=name,
        description=described(mark),
        experiment_id=experiment,
        pipeline_version_reference=V2beta1PipelineVersionReference(
            pipeline_id=version[0], pipeline_version_id=version[1]
        ),
        runtime_config=runtime_config(connection, parameters),
        service_account=connection.settings.service_account or None,
    )
    what = f"run '{name}'"

    def make() -> str:
        answer = connection.ask(what, connection.client.runs.run_service_create_run, run=body)
        return required_id(answer.run_id, what)

    def find() -> str | None:
        answer = connection.ask(
            what,
            connection.client.runs.run_service_list_runs,
            experiment_id=experiment,
            filter=equals("display_name", name),
            sort_by="created_at desc",
            page_size=100,
        )
        return next((run.run_id for run in answer.runs or [] if mark in (run.description or "")), None)

    run_id = made_once(make, find, connection.patience, what)
    return SubmittedRun(run_id, name, connection.page(f"runs/details/{run_id}"))


def described(mark: str) -> str:
    """The description of what milonga makes on the server."""
    return f"submitted by milonga, request {mark}"


def runtime_config(connection: KfpConnection, parameters: Mapping[str, Any]) -> Any:
    """The arguments in the API's form."""
    from kfp_server_api import V2beta1RuntimeConfig

    root = connection.settings.pipeline_root
    return V2beta1RuntimeConfig(parameters=dict(parameters), pipeline_root=root or None)


def run_as_it_is(connection: KfpConnection, run_id: str) -> RemoteRun:
    """A run; looked at twice when it has ended and a task of it seems not to have.

    Raises:
        CallFailed: E800-E808.
    """
    run = _read_run(connection, run_id)
    if run.ended and any(task.state not in ENDED for task in run.tasks):
        time.sleep(min(_LAG_S, connection.patience.poll_s))
        run = _read_run(connection, run_id)
    return run


def _read_run(connection: KfpConnection, run_id: str) -> RemoteRun:
    what = f"run '{run_id}'"
    answer = connection.read(what, connection.client.runs.run_service_get_run, run_id=run_id)
    found = required_id(answer.run_id, what)
    details = answer.run_details.task_details if answer.run_details else None
    return RemoteRun(
        run_id=found,
        state=state_from(STATES, answer.state),
        tasks=_tasks(details or [], task_names(connection, answer) if details else frozenset()),
        error=(answer.error.message if answer.error else "") or "",
        url=connection.page(f"runs/details/{found}"),
    )


def _tasks(details: list[Any], known: frozenset[str]) -> tuple[RemoteTask, ...]:
    """The tasks of the pipeline, without what the back end adds for itself: drivers, executors and the root.

    Args:
        details: the server's.
        known: names of the pipeline's own tasks, which are shown whatever they are called.
    """
    names = {detail.display_name or "" for detail in details}
    own = {"root", "executor", "", *(f"{name}-driver" for name in names)} - known
    return tuple(
        RemoteTask(
            id=detail.task_id or detail.display_name,
            name=detail.display_name,
            state=state_from(STATES, detail.state),
            error=(detail.error.message if detail.error else "") or "",
        )
        for detail in details
        if (detail.display_name or "") not in own
    )
