"""`milonga show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from milonga.cli.output import print_json
from milonga.cli.placed_command import PlacedCommand
from milonga.cli.shown_pipeline import print_dag
from milonga.cli.shown_run import print_run, run_document
from milonga.cli.shown_task import ShownTask
from milonga.cli.sources import load_source
from milonga.engine.home import Home
from milonga.errors import UsageError
from milonga.lineage import RunRecord
from milonga.lineage.selection import NEWEST, path_ending, recorded_runs, run_named, task_named

if TYPE_CHECKING:
    from milonga.backends.base import Backend
    from milonga.backends.operations import ClusterOperations


_HELP = """Show a pipeline (its tasks and types), a run (its tasks and states), or one task of a run.

WHAT is a pipeline, or the id of a run, a beginning of it, or "last". TASK is a path that the run's table shows, or its
unique ending. With --to, WHAT is the id of a run of that back end: why its tasks wait or have failed is shown as well.
"""


def _show(values: dict[str, Any]) -> int:
    what, task, as_json = values["what"], values["task"], values["as_json"]
    if task or names_run(what):
        if values["fuse"]:
            raise UsageError("E954", "--fuse shows a pipeline, and this is a run", got=what)
        _show_recorded(what, task, as_json)
        return 0
    graph = load_source(what).graph
    if values["fuse"]:
        from milonga.compiler.passes.fusion import Fuse

        graph = Fuse().run(graph)
    if as_json:
        documents = graph.to_documents()
        print_json({"digest": graph.digest(), "specification": documents[0], "platforms": (documents[1:] or ({},))[0]})
        return 0
    print(f"{graph.name}  {graph.digest()[:12]}")
    print_dag(graph, graph.root, "  ")
    return 0


def _show_there(backend: Backend, operations: ClusterOperations, values: dict[str, Any]) -> int:
    from milonga.cli.remote_runs import print_run, print_task

    if values["fuse"]:
        raise UsageError("E954", "--fuse shows a pipeline, and this is a run", got=values["what"])
    run = operations.described(values["what"])
    if not values["task"]:
        print_json({"backend": backend.name, **run.to_json()}) if values["as_json"] else print_run(run)
        return 0
    record = RunRecord(run.summary.run_id, run.summary.pipeline, "", "RUNNING", 0.0)
    found = {task.path: task for task in run.tasks}
    name = values["task"]
    task = found[name if name in found else path_ending(record, list(found), name)]
    if values["as_json"]:
        print_json({"backend": backend.name, "run_id": run.summary.run_id, **task.to_json()})
    else:
        print_task(run, task)
    return 0


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


command = PlacedCommand(
    "show",
    params=[
        click.Argument(["what"]),
        click.Argument(["task"], required=False, default=""),
        click.Option(["--fuse"], is_flag=True, help="Of a pipeline: mark what would share pods (see compile --fuse)."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print it as one JSON document."),
    ],
    local=_show,
    remote=_show_there,
    help=_HELP,
)
