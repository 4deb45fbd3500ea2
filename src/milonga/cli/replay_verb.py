"""`milonga replay`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from milonga.cli.output import message, print_json, printable
from milonga.cli.run_options import read_object
from milonga.cli.sources import load_source
from milonga.engine.home import Home
from milonga.engine.replay import Replayed, ReplayRequest, failed_task, replay_recorded
from milonga.engine.runnable import Runnable, as_runnable
from milonga.errors import UsageError
from milonga.lineage import RunRecord
from milonga.lineage.selection import recorded_runs, run_named, task_named


@click.command("replay")
@click.argument("run_id", metavar="RUN")
@click.argument("task", required=False, default="")
@click.option("--pdb", "debug", is_flag=True, help="Run it in this process: breakpoints are hit, a failure opens pdb.")
@click.option("--current", is_flag=True, help="Run the code as it is in the author's file now.")
@click.option("--source", metavar="FILE.py:NAME", help="The same, where the pipeline is not where the run found it.")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Another value of one input.")
@click.option("--secrets", "secrets_file", metavar="FILE", help="JSON object {secret: {key: value}}.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.option("--quiet", "-q", is_flag=True, help="Do not print the step's log.")
def command(
    run_id: str,
    task: str,
    debug: bool,
    current: bool,
    source: str | None,
    assignments: tuple[str, ...],
    secrets_file: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Run one step of an earlier run again, from what it got then.

    RUN is the id of a run, a beginning of it, or "last". TASK is a path of `milonga show RUN`, or its unique ending;
    without it, the step that the run failed in. The run stays as it was recorded, and the cache is not touched.

    Ends with 0 when the step succeeds and makes the same again (with other code or inputs: when it succeeds), else 1.
    """
    home = Home.default()
    changes = _assigned(assignments)
    secrets = read_object(secrets_file) if secrets_file else {}
    with recorded_runs(home.database, run_id) as store:
        run = run_named(store, run_id)
        record = task_named(store, run, task or failed_task(run))
        runnable = _current(run, source, home) if current or source else None
        request = ReplayRequest(
            changes=changes,
            current=runnable,
            debug=debug,
            secrets=secrets,
            search_path=runnable.search_path if runnable is not None else _folders_of(run, home),
            notice=message,
        )
        done = replay_recorded(store, home, run, record, request)
    if not (quiet or debug):
        for line in done.log_text().splitlines():
            message(f"    {line}")
    if as_json:
        print_json(done.to_json())
    else:
        _print(done)
    return 0 if done.is_as_expected else 1


def _assigned(assignments: tuple[str, ...]) -> dict[str, str]:
    changes: dict[str, str] = {}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise UsageError("E911", "--set takes NAME=VALUE", got=assignment)
        changes[name] = text
    return changes


def _current(run: RunRecord, source: str | None, home: Home) -> Runnable:
    """The author's pipeline as it is now; a relative name counts from here, or from where the state folder is."""
    name = source or run.source
    if not name:
        hint = "name the pipeline with --source FILE.py:NAME"
        raise UsageError("E955", f"run {run.id} was started from Python and names no file", hint=hint)
    beside = home.root.parent / name
    if source is None and not _file_of(Path(name)).exists() and _file_of(beside).exists():
        name = str(beside)
    return as_runnable(load_source(name))


def _file_of(path: Path) -> Path:
    return path.with_name(path.name.partition(":")[0]) if path.name else path


def _folders_of(run: RunRecord, home: Home) -> tuple[str, ...]:
    """The folder of the author's file, from which the run's tasks could import."""
    for base in (Path.cwd(), home.root.parent):
        file = _file_of(base / run.source)
        if run.source and file.is_file():
            return (str(file.parent),)
    return ()


def _print(done: Replayed) -> None:
    for name, value in done.outputs.items():
        print(f"{name} = {json.dumps(value, ensure_ascii=False)}")
    for output in done.compared:
        if output.same:
            message(f"same: {output.name}")
        else:
            message(f"different: {output.name}: {output.recorded or 'nothing'} → {output.replayed or 'nothing'}")
    for note in done.notes:
        message(note)
    if done.error:
        where = f"  at: {done.place}\n" if done.place is not None else ""
        details = "".join(f"  {key}: {done.error[key]}\n" for key in ("got", "expected", "hint") if done.error.get(key))
        message(f"error {done.error.get('code', 'E410')}: {done.error.get('message', '')}\n{where}{details}".rstrip())
    message(f"{done.recorded.path} {_verdict(done)} ({done.wall_s:.1f} s); its files: {printable(str(done.folder))}")


def _verdict(done: Replayed) -> str:
    was = done.recorded.state
    if not done.succeeded:
        if was != "FAILED":
            return f"failed, where it had {was.lower()}"
        is_same = done.error.get("message") == done.recorded.error.get("message")
        return "failed again in the same way" if is_same else "failed in another way"
    if was != "SUCCEEDED":
        return f"succeeded, where it had {'failed' if was == 'FAILED' else 'been ' + was.lower()}"
    if done.is_same is None:
        return "succeeded; it has no outputs"
    return "made the same again" if done.is_same else "succeeded with other outputs"
