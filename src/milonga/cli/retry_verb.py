"""`milonga retry`."""

from __future__ import annotations

from typing import Any

import click

from milonga.backends.base import Backend
from milonga.backends.operations import ClusterOperations
from milonga.backends.waiting import ended_run
from milonga.cli.output import message, print_json
from milonga.cli.placed_command import PlacedCommand
from milonga.cli.remote_lines import RemoteLines


def _retry(backend: Backend, operations: ClusterOperations, values: dict[str, Any]) -> int:
    run_id = values["run_id"]
    paths = operations.retry(run_id)
    if values["as_json"] and not values["wait"]:
        print_json({"backend": backend.name, "run_id": run_id, "retried": list(paths)})
        return 0
    for path in paths:
        message(f"again: {path}")
    if not values["wait"]:
        return 0
    run = ended_run(backend, run_id, watch=RemoteLines())
    if values["as_json"]:
        print_json({"backend": backend.name, "retried": list(paths), **run.to_json()})
    else:
        print(f"{run.run_id} {run.state}")
        if run.error:
            message(f"error of the run: {run.error}")
    return 0 if run.succeeded else 1


command = PlacedCommand(
    "retry",
    params=[
        click.Argument(["run_id"], metavar="RUN"),
        click.Option(["--wait"], is_flag=True, help="Wait for the end of the run; 1 is the exit code of a failed one."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
    ],
    remote=_retry,
    help="Run the failed tasks of a run of a back end again, and what comes after them. What ended well is kept.",
)
