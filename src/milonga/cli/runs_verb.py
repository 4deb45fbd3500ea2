"""`milonga runs`."""

from __future__ import annotations

import time

import click

from milonga.cli.output import print_json
from milonga.engine.home import Home
from milonga.engine.run_lock import is_held
from milonga.lineage import LineageStore, RunRecord


def shown_state(run: RunRecord, home: Home) -> str:
    """The state of a run; one that no process works on any more was interrupted, whatever its record says."""
    return "INTERRUPTED" if run.state == "RUNNING" and not is_held(home.run(run.id)) else run.state


@click.command("runs")
@click.option("--pipeline", help="Only runs of this pipeline.")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print them as one JSON document.")
def command(pipeline: str | None, limit: int, as_json: bool) -> None:
    """List runs, the newest first."""
    home = Home.default()
    runs = []
    if home.database.exists():  # looking makes nothing
        store = LineageStore(home.database)
        runs = store.runs(pipeline, limit)
        store.close()
    if as_json:
        print_json(
            {
                "runs": [
                    {
                        "run_id": run.id,
                        "pipeline": run.pipeline,
                        "state": shown_state(run, home),
                        "started_at": run.created_at,
                        "ended_at": run.ended_at,
                        "source": run.source,
                    }
                    for run in runs
                ]
            }
        )
        return
    for run in runs:
        started = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.created_at))
        took = f"{run.ended_at - run.created_at:.1f} s" if run.ended_at else ""
        print(f"{run.id}  {started}  {shown_state(run, home):<11} {took:>9}  {run.pipeline}")
