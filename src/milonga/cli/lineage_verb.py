"""`milonga lineage`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from milonga.cli.output import message, print_json, write_file
from milonga.cli.shown_ancestry import ancestry_document, ancestry_lines
from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Graph
from milonga.engine.content import digest_path
from milonga.engine.home import Home
from milonga.engine.run_folder import pipeline_file
from milonga.errors import MilongaError, UsageError
from milonga.lineage import LineageStore
from milonga.lineage.ancestry import Ancestry, Direction, ancestry
from milonga.lineage.named_artifacts import artifact_named
from milonga.lineage.openlineage import ExportedRun, event_lines, events_of
from milonga.lineage.selection import recorded_runs, run_named

_LARGE_BYTES = 500_000


@click.command("lineage")
@click.argument("artifact", required=False)
@click.option("--run", "run_name", metavar="RUN", help="All of one run, to be exported.")
@click.option("--down", is_flag=True, help="Walk to what was made of it.")
@click.option("--openlineage", is_flag=True, help="Write OpenLineage events, one JSON object a line.")
@click.option("--output", "-o", metavar="FILE", help="Where the events go; stdout by default.")
@click.option("--namespace", default="milonga", show_default=True, help="Of jobs and data sets in the events.")
@click.option("--json", "as_json", is_flag=True, help="Print the graph as one JSON document.")
def command(
    artifact: str | None,
    run_name: str | None,
    down: bool,
    openlineage: bool,
    output: str | None,
    namespace: str,
    as_json: bool,
) -> None:
    """Walk from an artifact to the data, code and parameters behind it, across runs.

    ARTIFACT is a digest or its beginning, a file or folder, a URI, RUN/TASK.OUTPUT, RUN/TASK, or RUN/OUTPUT for a
    result of the run. RUN may be "last".

    With --openlineage, START and COMPLETE or FAIL events of the tasks on the way and of their runs, in the form that
    OpenLineage takes. Nothing is sent anywhere.
    """
    _require_sense(artifact, run_name, down=down, openlineage=openlineage, output=output, as_json=as_json)
    home = Home.default()
    with recorded_runs(home.database, run_name or "") as store:
        if run_name is not None:
            run = run_named(store, run_name)
            _write_events(
                [ExportedRun(run, tuple(store.tasks(run.id)), _graph_of(home, run.id))], store, home, namespace, output
            )
            return
        name = artifact or ""
        starts = artifact_named(store, _as_digest(name))
        direction: Direction = "down" if down else "up"
        found = ancestry(store, starts, lambda run_id: _graph_of(home, run_id, for_values=True), direction)
        if openlineage:
            _write_events(_runs_of(found, home), store, home, namespace, output)
            return
        code_of = _codes(store, found)
    if as_json:
        print_json(ancestry_document(name, found, code_of))
        return
    for line in ancestry_lines(found, code_of):
        print(line)
    runs = {task.record.run_id for task in found.tasks.values()}
    counts = (len(found.tasks), "task"), (len(runs), "run"), (len(found.artifacts), "artifact")
    message(", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts))


def _require_sense(
    artifact: str | None, run: str | None, *, down: bool, openlineage: bool, output: str | None, as_json: bool
) -> None:
    wrong = (
        ("ARTIFACT and --run", bool(artifact) and run is not None),
        ("--json and --openlineage", as_json and openlineage),
        ("--run and --down", run is not None and down),
    )
    for what, is_wrong in wrong:
        if is_wrong:
            raise UsageError("E954", f"{what} do not go together", hint="leave one of them out")
    if run is not None and not openlineage:
        raise UsageError("E954", "--run exports a run, and needs --openlineage", hint="milonga show RUN shows it")
    if output is not None and not openlineage:
        raise UsageError("E954", "--output is for events, and needs --openlineage")
    if run is None and not artifact:
        raise click.UsageError("no artifact is named")


def _as_digest(name: str) -> str:
    """A file or folder is known by its content; anything else stays a name."""
    path = Path(name.removeprefix("file://"))
    try:
        return digest_path(path).digest if path.exists() else name
    except OSError as error:
        raise UsageError("E912", f"the file cannot be read: {error.strerror}", where=str(path)) from None


def _graph_of(home: Home, run_id: str, *, for_values: bool = False) -> Graph | None:
    """The pipeline that a run was made of, where it is still there.

    With `for_values`, a large one in which no task gives another a value is not read: digests say the rest.
    """
    file = pipeline_file(home.run(run_id))
    try:
        if not file.is_file() or (for_values and file.stat().st_size > _LARGE_BYTES and not _passes_values(file)):
            return None
        return load_graph(file)
    except MilongaError as error:
        message(f"the pipeline of run {run_id} cannot be read: {error.message}")
        return None


def _passes_values(file: Path) -> bool:
    return b"taskOutputParameter" in file.read_bytes()


def _codes(store: LineageStore, found: Ancestry) -> dict[str, str]:
    identities = {node.record.identity for node in found.tasks.values() if node.record.identity}
    return {identity: store.identity_parts(identity).get("code", "") for identity in sorted(identities)}


def _runs_of(found: Ancestry, home: Home) -> list[ExportedRun]:
    """Each run of an ancestry with those of its tasks that belong to it."""
    by_run: dict[str, list[str]] = {}
    for node in found.tasks.values():
        by_run.setdefault(node.record.run_id, []).append(node.id)
    runs = []
    for run_id in sorted(by_run):
        nodes = [found.tasks[key] for key in sorted(by_run[run_id])]
        runs.append(ExportedRun(nodes[0].run, tuple(node.record for node in nodes), _graph_of(home, run_id)))
    return runs


def _write_events(
    runs: Iterable[ExportedRun], store: LineageStore, home: Home, namespace: str, output: str | None
) -> None:
    lines = event_lines(events_of(tuple(runs), store, namespace=namespace, author_folder=home.root.parent))
    if output is None:
        for line in lines:
            print(line)
    else:
        write_file(Path(output), "".join(f"{line}\n" for line in lines))
