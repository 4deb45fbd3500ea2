"""`milonga logs`."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from typing import TYPE_CHECKING, Any

import click

from milonga.cli.output import message, print_json
from milonga.cli.placed_command import PlacedCommand
from milonga.cli.recorded_logs import StepLog, follow, logs_below, prefixed, text_of
from milonga.engine.home import Home, log_of
from milonga.engine.run_lock import is_held
from milonga.errors import UsageError
from milonga.lineage import LineageStore, RunRecord
from milonga.lineage.selection import path_ending, recorded_runs, run_named

if TYPE_CHECKING:
    from milonga.backends.base import Backend
    from milonga.backends.operations import ClusterOperations


_HELP = """Print the log of a task's newest attempt, or the logs of all steps of a run or of a group.

RUN is the id of a run, a beginning of it, or "last". TASK is a path that `milonga show RUN` lists, or its unique
ending. Of several steps every line has the step's name in front. With --to, RUN is the id of a run of that back end.
"""


def _require_consistent(values: dict[str, Any]) -> None:
    if values["is_followed"] and (values["as_json"] or values["attempt"] is not None):
        other = "--json" if values["as_json"] else "--attempt"
        raise UsageError("E954", f"--follow and {other} do not go together", hint="leave one of them out")


def _print_there(backend: Backend, operations: ClusterOperations, values: dict[str, Any]) -> int:
    from milonga.cli.remote_logs import print_logs

    _require_consistent(values)
    return print_logs(backend, operations, values)


def _print_here(values: dict[str, Any]) -> int:
    _require_consistent(values)
    _print(**values)
    return 0


def _print(run_id: str, task: str, attempt: int | None, is_followed: bool, tail: int | None, as_json: bool) -> None:
    home = Home.default()
    with recorded_runs(home.database, run_id) as store:
        run = run_named(store, run_id)
        path = _path_of(store, home, run, task, is_followed)
        steps = logs_below(store, run.id, path)
        is_single = bool(task) and ((is_followed and not steps) or [step.path for step in steps] == [path])
        if is_followed:
            _follow(store, home, run, path, tail, is_single=is_single)
            return
    if attempt is not None:
        steps = [_at_attempt(steps[0], attempt, home, run)] if is_single else _no_single(run, task)
    if as_json:
        documents = [_document(step, home, run, tail) for step in steps]
        print_json({"run_id": run.id, **(documents[0] if is_single else {"logs": documents})})
    elif is_single:
        _print_single(steps[0], home, run, tail)
    else:
        for step in steps:
            for line in prefixed(step.path, text_of(home.run(run.id) / step.file, tail) if step.file else ""):
                print(line)


def _path_of(store: LineageStore, home: Home, run: RunRecord, task: str, is_followed: bool) -> str:
    """The path that a word means. One that a run has not come to yet can only be waited for."""
    paths = [str(path) for (path,) in store.database.rows("SELECT path FROM tasks WHERE run_id = ?", (run.id,))]
    is_known = task in paths or any(path.startswith((f"{task}/", f"{task}[")) for path in paths)
    if not task or is_known:
        return task
    if is_followed and is_held(home.run(run.id)) and not any(path.endswith(f"/{task}") for path in paths):
        message(f"waiting for '{task}'")
        return task
    return path_ending(run, paths, task)


def _follow(store: LineageStore, home: Home, run: RunRecord, path: str, tail: int | None, *, is_single: bool) -> None:
    def write(line: str) -> None:
        print(line, flush=True)

    follow(store, home, run.id, path, tail=tail, is_single=is_single, write=write)


def _at_attempt(step: StepLog, attempt: int, home: Home, run: RunRecord) -> StepLog:
    file = log_of(step.path, attempt)
    folder = (home.run(run.id) / file).parent
    if not folder.is_dir():
        got = ", ".join(sorted(item.name.removeprefix("attempt-") for item in folder.parent.glob("attempt-*")))
        raise UsageError("E955", f"'{step.path}' of run {run.id} has no attempt {attempt}", expected=got or "none")
    return dataclasses.replace(step, file=file, attempt=attempt)


def _no_single(run: RunRecord, task: str) -> list[StepLog]:
    what = f"'{task}' is a group" if task else "no task is named"
    hint = f"milonga show {run.id} lists the tasks"
    raise UsageError("E954", f"--attempt takes one task, and {what}", hint=hint)


def _document(step: StepLog, home: Home, run: RunRecord, tail: int | None) -> dict[str, object]:
    text = text_of(home.run(run.id) / step.file, tail) if step.file else ""
    return {"task": step.path, "state": step.state, "attempt": step.attempt, "origin": step.origin, "log": text}


def _print_single(step: StepLog, home: Home, run: RunRecord, tail: int | None) -> None:
    file = home.run(run.id) / step.file
    if step.file and tail is None and file.is_file():
        with file.open(encoding="utf-8", errors="replace", newline="") as stream:
            shutil.copyfileobj(stream, sys.stdout)  # a log may be larger than memory
    elif step.file and not file.parent.is_dir():
        message(f"the files of '{step.path}' are gone: {file.parent}")
    elif step.file:
        sys.stdout.write(text_of(file, tail))
    elif step.origin:
        origin, _, path = step.origin.partition("/")
        message(f"'{step.path}' came from the cache; it ran in another run: milonga logs {origin} '{path}'")
    else:
        message(f"'{step.path}' has written nothing: {step.state}")


command = PlacedCommand(
    "logs",
    params=[
        click.Argument(["run_id"], metavar="RUN"),
        click.Argument(["task"], required=False, default=""),
        click.Option(["--attempt"], type=click.IntRange(min=1), help="That attempt of the task, not the newest."),
        click.Option(
            ["--follow", "-f", "is_followed"], is_flag=True, help="Go on until the task, or the run, has ended."
        ),
        click.Option(["--tail"], type=click.IntRange(min=0), metavar="N", help="Only the last N lines of each log."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print them as one JSON document."),
    ],
    local=_print_here,
    remote=_print_there,
    help=_HELP,
)
