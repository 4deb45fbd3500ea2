"""Schedules: CronWorkflows that start runs of an installed pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.bundle import Bundle
from milonga.backends.argo.installation import code_installed, installed_for_run, replaced, require_ours
from milonga.backends.argo.marks import MANAGED_BY, PIPELINE
from milonga.backends.argo.resources import CRON_WORKFLOWS
from milonga.backends.argo.starts import parameters_of
from milonga.backends.attempts import removed
from milonga.backends.remote_schedule import RemoteSchedule
from milonga.backends.submit_request import SubmitRequest


def added(
    connection: ArgoConnection, bundle: Bundle, request: SubmitRequest, document: Mapping[str, Any]
) -> RemoteSchedule:
    """Make a CronWorkflow, or change the one of that name that milonga has made for the pipeline.

    It starts what is given here, whatever is submitted under the pipeline's name later.

    Args:
        connection: the namespace.
        bundle: the pipeline; what is missing of it is made.
        request: the arguments, and the labels of its runs.
        document: the translated schedule.

    Raises:
        CallFailed: E800-E809; E830, a CronWorkflow of that name belongs to somebody else or to another pipeline.
    """
    name = document["metadata"]["name"]
    template = bundle.named_by_content().name
    wanted = new_cron_workflow(bundle, template, request, document, connection.settings.service_account)
    require_ours(connection, CRON_WORKFLOWS, wanted)
    code_installed(connection, bundle)
    installed_for_run(connection, bundle)
    done = replaced(connection, CRON_WORKFLOWS, wanted)
    note = {"changed": f"the schedule '{name}' was there and has been changed", "same": f"'{name}' was there already"}
    found = connection.read("GET", CRON_WORKFLOWS, name)
    return _schedule(found, note=note.get(done, ""))


def new_cron_workflow(
    bundle: Bundle, template: str, request: SubmitRequest, document: Mapping[str, Any], service_account: str
) -> dict[str, Any]:
    """A translated schedule with what only a submission knows; `template` is the name of what it starts."""
    specification = document["spec"]["workflowSpec"]
    parameters = parameters_of(bundle, request)
    return {
        **document,
        "metadata": {**document["metadata"], "labels": bundle.labels, "annotations": bundle.annotations},
        "spec": {
            **document["spec"],
            "workflowMetadata": {
                "labels": {**request.labels, **bundle.labels},
                "annotations": bundle.annotations,
            },
            "workflowSpec": {
                **{key: value for key, value in specification.items() if key != "arguments"},
                "workflowTemplateRef": {"name": template},
                **({"arguments": {"parameters": parameters}} if parameters else {}),
                **({"serviceAccountName": service_account} if service_account else {}),
            },
        },
    }


def listed(connection: ArgoConnection) -> tuple[RemoteSchedule, ...]:
    """All CronWorkflows of the namespace, whoever made them, newest first.

    Raises:
        CallFailed: E800-E808.
    """
    found = connection.listed(CRON_WORKFLOWS)
    found.sort(key=lambda item: str(item["metadata"].get("creationTimestamp") or ""), reverse=True)
    return tuple(_schedule(item) for item in found)


def changed_suspension(connection: ArgoConnection, name: str, *, suspend: bool) -> None:
    """Pause or resume a CronWorkflow.

    Raises:
        CallFailed: E800-E808.
    """
    connection.read("PATCH", CRON_WORKFLOWS, name, body={"spec": {"suspend": suspend}})


def deleted(connection: ArgoConnection, name: str) -> None:
    """Delete a CronWorkflow; its Workflows lose their owner and stay.

    Raises:
        CallFailed: E800-E808.
    """
    query = {"propagationPolicy": "Orphan"}
    removed(lambda: connection.ask("DELETE", CRON_WORKFLOWS, name, query=query), connection.patience)


def _schedule(item: Mapping[str, Any], note: str = "") -> RemoteSchedule:
    metadata, specification, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    times = specification.get("schedules") or [specification.get("schedule") or ""]
    zone = specification.get("timezone") or ""
    template = ((specification.get("workflowSpec") or {}).get("workflowTemplateRef") or {}).get("name") or ""
    told = next((str(found.get("message")) for found in status.get("conditions") or [] if found.get("message")), "")
    labels = metadata.get("labels") or {}
    more = {
        "pipeline": labels.get(PIPELINE) or template,
        "template": template,
        "made_by_milonga": labels.get(MANAGED_BY) == "milonga",
        "last_scheduled": status.get("lastScheduledTime") or "",
        "active_runs": [str(run.get("name")) for run in status.get("active") or []],
        "problem": told,
    }
    return RemoteSchedule(
        id=str(metadata.get("name") or ""),
        name=str(metadata.get("name") or ""),
        enabled=not specification.get("suspend"),
        timing=f"{', '.join(times)} {zone}".strip(),
        note=note,
        is_over=status.get("phase") == "Stopped",
        more={key: value for key, value in more.items() if value not in ("", [], False)},
    )
