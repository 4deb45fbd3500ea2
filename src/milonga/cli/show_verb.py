"""`milonga show`."""

from __future__ import annotations

from pathlib import Path

import click

from milonga.cli.output import print_json
from milonga.cli.shown_pipeline import print_dag
from milonga.cli.shown_run import print_run, run_document
from milonga.cli.shown_task import ShownTask
from milonga.cli.sources import load_source
from milonga.engine.home import Home
from milonga.lineage.selection import NEWEST, recorded_runs, run_named, task_named


@click.command("show")
@click.argument("what")
@click.argument("task", required=False, default="")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def command(what: str, task: str, as_json: bool) -> None:
    """Show a pipeline (its tasks and types), a run (its tasks and states), or one task of a run.

    WHAT is a pipeline, or the id of a run, a beginning of it, or "last". TASK is a path that the run's table shows, or
    its unique ending.
    """
    if task or names_run(what):
        _show_recorded(what, task, as_json)
        return
    graph = load_source(what).graph
    if as_json:
        documents = graph.to_documents()
        print_json({"digest": graph.digest(), "specification": documents[0], "platforms": (documents[1:] or ({},))[0]})
        return
    print(f"{graph.name}  {graph.digest()[:12]}")
    print_dag(graph, graph.root, "  ")


def names_run(what: str) -> bool:
    """Whether a word means a run: such an id, or "last", unless there is a file of that name."""
    return (what == NEWEST or what[:8].isdigit()) and not Path(what).exists()


def _show_recorded(what: str, task: str, as_json: bool) -> None:
    home = Home.default()
    with recorded_runs(home.database, what) as store:
        run = run_named(store, what)
        if task:
            record = task_named(store, run, task)
            shown = ShownTask(run, record, store.attempts(run.id, record.path), home)
            print_json(shown.document()) if as_json else shown.print()
            return
        tasks = store.tasks(run.id)
    print_json(run_document(run, tasks, home)) if as_json else print_run(run, tasks, home)
