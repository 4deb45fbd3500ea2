"""`milonga outputs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from milonga.backends.base import Backend
from milonga.backends.operations import ClusterOperations
from milonga.backends.run_outputs import RunOutputs
from milonga.cli.output import message, print_json, printable
from milonga.cli.placed_command import PlacedCommand
from milonga.cli.shown_run import shown_value
from milonga.cli.sources import load_source
from milonga.engine.home import Home

_HELP = """Show what a run of a back end has made, or a task of it; fetch the content of artifacts.

RUN is the id that `milonga submit` has printed. TASK is a path that `milonga show RUN --to argo` lists, or its unique
ending. With --import, the run appears in `milonga runs`, `show`, `lineage` and its report, as if it had run here.
"""


def _outputs(backend: Backend, operations: ClusterOperations, values: dict[str, Any]) -> int:
    run_id, task = values["run_id"], values["task"]
    if values["is_imported"]:
        return _imported(operations, run_id, values)
    found = operations.outputs(run_id, task=task)
    folder = values["download"]
    places = operations.download(found, Path(folder)) if folder else {}
    if values["as_json"]:
        files = {name: [str(path) for path in paths] for name, paths in places.items()}
        print_json({**found.to_json(), **({"files": files} if folder else {})})
        return 0
    _print(found, places)
    return 0


def _print(found: RunOutputs, places: dict[str, tuple[Path, ...]]) -> None:
    for name, value in found.parameters.items():
        print(f"{printable(name)} = {shown_value(value)}")
    for name in found.artifacts:
        paths = places.get(name, ())
        for at, item in enumerate(found.of(name)):
            place = str(paths[at]) if at < len(paths) else item.uri
            print(printable(f"{name} = {place} ({item.type})"))
    for name in found.absent:
        message(f"'{name}' was not made")


def _imported(operations: ClusterOperations, run_id: str, values: dict[str, Any]) -> int:
    graph = load_source(values["source"]).graph if values["source"] else None
    record = operations.import_run(run_id, Home.default(), graph=graph, content=not values["no_content"])
    if values["as_json"]:
        print_json({"run_id": record.id, "source": record.source, "state": record.state})
    else:
        print(record.id)
        message(f"milonga show {record.id}")
    return 0


command = PlacedCommand(
    "outputs",
    params=[
        click.Argument(["run_id"], metavar="RUN"),
        click.Argument(["task"], required=False, default=""),
        click.Option(["--download"], metavar="DIR", help="Put the content of artifacts there, one entry an output."),
        click.Option(["--import", "is_imported"], is_flag=True, help="Write the run into the state folder of here."),
        click.Option(["--source"], metavar="SOURCE", help="With --import: the pipeline, for a report with its graph."),
        click.Option(["--no-content"], is_flag=True, help="With --import: leave the content of artifacts there."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
    ],
    remote=_outputs,
    help=_HELP,
    uses=("outputs",),
)
