"""What KFP's placeholders for a run stand for here, such as `{{$.pipeline_job_name}}`."""

from __future__ import annotations

import time

from milonga.compiler.graph import Graph
from milonga.engine.settings import RunSettings


def run_names(graph: Graph, run_id: str, created_at: float, settings: RunSettings) -> dict[str, str]:
    """Run-level values by placeholder name; the workspace of a pipeline that wants one is made.

    Args:
        graph: the pipeline.
        run_id: the run; its folder exists.
        created_at: when it was first started, seconds since the epoch.
        settings: where its state is, and for when a schedule has started it.
    """
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(created_at))
    names = {
        "pipeline_job_name": graph.name,
        "pipeline_job_resource_name": f"{graph.name}-{run_id}",  # KFP names the run's resource so
        "pipeline_job_uuid": run_id,
        "pipeline_job_create_time_utc": created,
        "pipeline_job_schedule_time_utc": settings.scheduled_for or created,
        "pipeline_root": str(settings.home.content),
    }
    if graph.wants_workspace:
        workspace = settings.home.run(run_id) / "workspace"
        workspace.mkdir(exist_ok=True)
        names["workspace_path"] = str(workspace)
    return names
