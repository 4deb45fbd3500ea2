"""Recurring runs of a KFP server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.backends.attempts import made_once
from milonga.backends.failures import require_new_page
from milonga.backends.kfp.kfp_connection import KfpConnection
from milonga.backends.kfp.queries import equals, required_id
from milonga.backends.kfp.runs import described
from milonga.backends.marks import new_mark
from milonga.backends.remote_schedule import RemoteSchedule

_PAGE_SIZE = 100


def added_recurring_run(
    connection: KfpConnection, document: Mapping[str, Any], experiment: str, version: tuple[str, str]
) -> RemoteSchedule:
    """Make a recurring run of an uploaded version.

    Args:
        connection: the server.
        document: the API's `RecurringRun` in JSON form, without its pipeline.
        experiment: id of the experiment.
        version: ids of the pipeline and of its version.

    Raises:
        CallFailed: E800-E809.
    """
    mark = new_mark()
    name = document["display_name"]
    settings = connection.settings
    root = {"pipeline_root": settings.pipeline_root} if settings.pipeline_root else {}
    body = {
        **document,
        "description": described(mark),
        "experiment_id": experiment,
        "pipeline_version_reference": {"pipeline_id": version[0], "pipeline_version_id": version[1]},
        "runtime_config": {**document["runtime_config"], **root},
    }
    if settings.service_account:
        body["service_account"] = settings.service_account
    what = f"schedule '{name}'"
    service = connection.client.recurring_runs

    def make() -> RemoteSchedule:
        answer = connection.ask(what, service.recurring_run_service_create_recurring_run, recurring_run=body)
        required_id(answer.recurring_run_id, what)
        return _schedule(connection, answer)

    def find() -> RemoteSchedule | None:
        answer = connection.ask(
            what,
            service.recurring_run_service_list_recurring_runs,
            experiment_id=experiment,
            filter=equals("display_name", name),
            sort_by="created_at desc",
            page_size=_PAGE_SIZE,
        )
        found = (item for item in answer.recurring_runs or [] if mark in (item.description or ""))
        return next((_schedule(connection, item) for item in found), None)

    return made_once(make, find, connection.patience, what)


def recurring_runs(connection: KfpConnection) -> tuple[RemoteSchedule, ...]:
    """All recurring runs of the namespace, newest first.

    Raises:
        CallFailed: E800-E808.
    """
    service = connection.client.recurring_runs
    named = {"namespace": connection.namespace} if connection.namespace else {}
    found: list[RemoteSchedule] = []
    token = ""
    seen = {token}
    while True:
        answer = connection.read(
            "schedules",
            service.recurring_run_service_list_recurring_runs,
            page_token=token,
            page_size=_PAGE_SIZE,
            sort_by="created_at desc",
            **named,
        )
        found += [_schedule(connection, item) for item in answer.recurring_runs or []]
        token = answer.next_page_token or ""
        if not token:
            return tuple(found)
        require_new_page(seen, token, "schedules")


def _schedule(connection: KfpConnection, item: Any) -> RemoteSchedule:
    cron = item.trigger.cron_schedule if item.trigger else None
    periodic = item.trigger.periodic_schedule if item.trigger else None
    timing = cron.cron if cron else f"every {periodic.interval_second} s" if periodic else ""
    return RemoteSchedule(
        id=item.recurring_run_id or "",
        name=item.display_name or "",
        enabled=item.status == "ENABLED" if item.status else item.mode == "ENABLE",
        url=connection.page(f"recurringrun/details/{item.recurring_run_id}"),
        timing=timing or "",
    )
