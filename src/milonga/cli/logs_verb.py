"""`milonga logs`."""

from __future__ import annotations

import difflib
import sys

import click

from milonga.cli.output import print_json
from milonga.engine.home import Home
from milonga.errors import UsageError
from milonga.lineage import LineageStore


@click.command("logs")
@click.argument("run_id")
@click.argument("task")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def command(run_id: str, task: str, as_json: bool) -> None:
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
    text = path.read_text("utf-8", "replace") if record.log and path.is_file() else ""
    if as_json:
        print_json({"run": run.id, "task": record.path, "state": record.state, "log": text})
    else:
        sys.stdout.write(text)
