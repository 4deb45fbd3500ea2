"""What KFP's placeholders for a run stand for here, such as `{{$.pipeline_job_name}}`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from milonga.compiler.graph import Graph
from milonga.engine.instances import TaskInstance


def run_names(
    graph: Graph, run_id: str, created_at: float, *, folder: Path, root: Path, scheduled_for: str = ""
) -> dict[str, str]:
    """Run-level values by placeholder name; the workspace of a pipeline that wants one is made.

    Args:
        graph: the pipeline.
        run_id: the run.
        created_at: when it was first started, seconds since the epoch.
        folder: where its workspace lies; it exists.
        root: where its artifacts go.
        scheduled_for: the time for which a schedule has started it; by default when it was made.
    """
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(created_at))
    names = {
        "pipeline_job_name": graph.name,
        "pipeline_job_resource_name": f"{graph.name}-{run_id}",  # KFP names the run's resource so
        "pipeline_job_uuid": run_id,
        "pipeline_job_create_time_utc": created,
        "pipeline_job_schedule_time_utc": scheduled_for or created,
        "pipeline_root": str(root),
    }
    if graph.wants_workspace:
        workspace = workspace_of(folder)
        workspace.mkdir(exist_ok=True)
        names["workspace_path"] = str(workspace)
    return names


def task_names(names: Mapping[str, str], task: TaskInstance) -> dict[str, str]:
    """The values of a run together with those of one of its tasks."""
    return {**names, "pipeline_task_name": task.name, "pipeline_task_uuid": task.path}


def workspace_of(folder: Path) -> Path:
    """The workspace of the run in `folder`."""
    return folder / "workspace"
