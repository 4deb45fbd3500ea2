"""What KFP's placeholders for a run stand for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from milonga.engine.pod.request import PodRequest


def run_names(pipeline: str, task: str, path: str, *, request: PodRequest, indices: Sequence[int]) -> Mapping[str, str]:
    """The names for one task.

    Args:
        pipeline: name of the pipeline.
        task: name of the task.
        path: of the task, "[]" behind loops.
        request: what Argo says of the run.
        indices: of the iterations around the task, the outermost first.
    """
    return {
        "pipeline_job_name": pipeline,
        "pipeline_job_resource_name": request.workflow,
        "pipeline_job_uuid": request.uid,
        "pipeline_job_create_time_utc": request.created,
        "pipeline_job_schedule_time_utc": request.created,
        "pipeline_root": "",
        "pipeline_task_name": task,
        "pipeline_task_uuid": path_in_run(path, indices),
        "workspace_path": os.environ.get("MILONGA_WORKSPACE", "/milonga/workspace"),
    }


def path_in_run(pattern: str, indices: Sequence[int]) -> str:
    """The path of a task, "[]" behind loops replaced by the iterations."""
    for index in indices:
        pattern = pattern.replace("[]", f"[{index}]", 1)
    return pattern
