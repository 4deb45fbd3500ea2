"""Vertex AI's answers as milonga's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.backends.remote_run import RemoteRun
from milonga.backends.remote_schedule import RemoteSchedule
from milonga.backends.remote_state import RemoteState, state_from
from milonga.backends.remote_task import RemoteTask
from milonga.backends.vertex.vertex_settings import VertexSettings

_CONSOLE = "https://console.cloud.google.com/vertex-ai"
MARK_LABEL = "milonga-request"
"""The label of a schedule's jobs by which the schedule can be told from others."""

JOB_STATES: Mapping[str, RemoteState] = {
    "PIPELINE_STATE_QUEUED": "PENDING",
    "PIPELINE_STATE_PENDING": "PENDING",
    "PIPELINE_STATE_RUNNING": "RUNNING",
    "PIPELINE_STATE_SUCCEEDED": "SUCCEEDED",
    "PIPELINE_STATE_FAILED": "FAILED",
    "PIPELINE_STATE_CANCELLING": "CANCELLING",
    "PIPELINE_STATE_CANCELLED": "CANCELLED",
    "PIPELINE_STATE_PAUSED": "PAUSED",
}
TASK_STATES: Mapping[str, RemoteState] = {
    "PENDING": "PENDING",
    "RUNNING": "RUNNING",
    "SUCCEEDED": "SUCCEEDED",
    "CANCEL_PENDING": "CANCELLING",
    "CANCELLING": "CANCELLING",
    "CANCELLED": "CANCELLED",
    "FAILED": "FAILED",
    "SKIPPED": "SKIPPED",
    "NOT_TRIGGERED": "SKIPPED",
}


def run_url(settings: VertexSettings, job_id: str) -> str:
    """The page of a job in the console."""
    return f"{_CONSOLE}/locations/{settings.location}/pipelines/runs/{job_id}?project={settings.project}"


def run_of(settings: VertexSettings, job_id: str, job: Mapping[str, Any]) -> RemoteRun:
    """A `PipelineJob` as a run."""
    details = (job.get("jobDetail") or {}).get("taskDetails") or []
    return RemoteRun(
        run_id=job_id,
        state=state_from(JOB_STATES, job.get("state")),
        tasks=_tasks(details),
        error=_error(job),
        url=run_url(settings, job_id),
    )


def _tasks(details: list[Mapping[str, Any]]) -> tuple[RemoteTask, ...]:
    """The tasks, without the one that stands for the whole pipeline: it has no parent and is one."""
    parents = {detail.get("parentTaskId") for detail in details}
    return tuple(
        RemoteTask(
            id=str(detail.get("taskId", "")),
            name=str(detail.get("taskName", "")),
            state=state_from(TASK_STATES, detail.get("state")),
            error=_error(detail),
        )
        for detail in details
        if detail.get("parentTaskId") or detail.get("taskId") not in parents
    )


def _error(found: Mapping[str, Any]) -> str:
    return str((found.get("error") or {}).get("message") or "")


def schedule_of(settings: VertexSettings, schedule: Mapping[str, Any]) -> RemoteSchedule:
    """A `Schedule` of Vertex."""
    id = str(schedule.get("name", "")).rpartition("/")[2]
    return RemoteSchedule(
        id=id,
        name=str(schedule.get("displayName", "")),
        enabled=schedule.get("state") == "ACTIVE",
        url=f"{_CONSOLE}/locations/{settings.location}/pipelines/schedules/{id}?project={settings.project}",
        timing=str(schedule.get("cron", "")),
    )


def mark_of(schedule: Mapping[str, Any]) -> str:
    """The mark that a schedule was made with, "" when it has none."""
    job = (schedule.get("createPipelineJobRequest") or {}).get("pipelineJob") or {}
    return str((job.get("labels") or {}).get(MARK_LABEL, ""))
