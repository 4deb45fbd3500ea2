"""`milonga runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from milonga.cli.output import print_json
from milonga.cli.placed_command import PlacedCommand
from milonga.cli.quantities import instant, seconds
from milonga.cli.table import lines_of
from milonga.engine.home import Home
from milonga.engine.run_lock import is_held
from milonga.lineage import LineageStore, RunRecord

if TYPE_CHECKING:
    from milonga.backends.base import Backend
    from milonga.backends.operations import ClusterOperations

_STATES = ("running", "succeeded", "failed", "cancelled", "interrupted", "pending", "paused")


def shown_state(run: RunRecord, home: Home) -> str:
    """The state of a run; one that no process works on any more was interrupted, whatever its record says."""
    return "INTERRUPTED" if run.state == "RUNNING" and not is_held(home.run(run.id)) else run.state


def _listed(values: dict[str, Any]) -> int:
    home = Home.default()
    found = _found(home, values["pipeline"], values["state"], values["limit"])
    if values["as_json"]:
        print_json({"runs": [_document(run, known) for run, known in found]})
        return 0
    head = ("RUN", "STARTED", "STATE", "TOOK", "PIPELINE", "ERROR")
    rows = [
        (
            run.id,
            instant(run.created_at),
            known,
            seconds(run.ended_at - run.created_at) if run.ended_at else "",
            run.pipeline,
            _short(str(run.error.get("message", ""))),
        )
        for run, known in found
    ]
    for line in lines_of(head, rows, right=("TOOK",), is_titled=False):
        print(line)
    return 0


def _listed_there(backend: Backend, operations: ClusterOperations, values: dict[str, Any]) -> int:
    wanted = {"pipeline": values["pipeline"] or "", "state": values["state"] or ""}
    runs = operations.runs(**wanted, limit=values["limit"])
    if values["as_json"]:
        print_json({"backend": backend.name, "runs": [run.to_json() for run in runs]})
    else:
        from milonga.cli.remote_runs import print_runs

        print_runs(runs)
    return 0


def _found(home: Home, pipeline: str | None, state: str | None, limit: int) -> list[tuple[RunRecord, str]]:
    if not home.database.exists():  # looking makes nothing
        return []
    store = LineageStore(home.database)
    try:
        runs = store.runs(pipeline, -1 if state else limit)
    finally:
        store.close()
    if state is None:
        return [(run, shown_state(run, home)) for run in runs]
    wanted: list[tuple[RunRecord, str]] = []
    for run in runs:
        known = shown_state(run, home)
        if known == state.upper():
            wanted.append((run, known))
        if len(wanted) == limit:
            break
    return wanted


def _document(run: RunRecord, state: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "run_id": run.id,
        "pipeline": run.pipeline,
        "state": state,
        "started_at": run.created_at,
        "ended_at": run.ended_at,
        "source": run.source,
    }
    return {**document, "error": dict(run.error)} if run.error else document


def _short(text: str) -> str:
    first = text.partition("\n")[0]
    return first if len(first) <= 60 else f"{first[:59]}…"


command = PlacedCommand(
    "runs",
    params=[
        click.Option(["--pipeline"], help="Only runs of this pipeline."),
        click.Option(["--state"], type=click.Choice(_STATES, case_sensitive=False), help="Only runs in this state."),
        click.Option(["-n", "--limit"], default=20, show_default=True, type=click.IntRange(min=1), help="How many."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print them as one JSON document."),
    ],
    local=_listed,
    remote=_listed_there,
    help="List runs, the newest first: those of this machine, or of a back end.",
)
