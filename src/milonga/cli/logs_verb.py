"""`milonga logs`."""

from __future__ import annotations

import difflib
import sys

import click

from milonga.engine.home import Home
from milonga.errors import UsageError
from milonga.lineage import LineageStore


@click.command("logs")
@click.argument("run_id")
@click.argument("task")
def command(run_id: str, task: str) -> None:
    """Print the log of a task's newest attempt."""
    home = Home.default()
    store = LineageStore(home.database)
    try:
        run = store.run(run_id)
        if run is None:
            raise UsageError("E905", f"there is no run '{run_id}'", where=str(home.root))
        record = store.task(run.id, task)
        paths = [item.path for item in store.tasks(run.id)] if record is None else []
    finally:
        store.close()
    if record is None:
        near = difflib.get_close_matches(task, paths, n=1)
        hint = f"did you mean '{near[0]}'?" if near else ""
        raise UsageError("E913", f"run {run.id} has no task '{task}'", hint=hint)
    path = home.run(run.id) / record.log
    if record.log and path.is_file():
        sys.stdout.write(path.read_text("utf-8", "replace"))
