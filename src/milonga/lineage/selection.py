"""The recorded run and the recorded task that a user's words mean: whole names, and parts of them that are unique."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from milonga.compiler.listing import listed
from milonga.errors import UsageError
from milonga.lineage.records import RunRecord, TaskRecord
from milonga.lineage.store import LineageStore

NEWEST = "last"
"""What names the newest run, so that nobody has to copy an id."""

_SHOWN = 8


@contextlib.contextmanager
def recorded_runs(database: Path, wanted: str = "") -> Iterator[LineageStore]:
    """The store behind `database`, to look at. Looking makes nothing: there must be one.

    Args:
        database: the file.
        wanted: what the user looks for, to be named when there is nothing at all.

    Raises:
        UsageError: E905, nothing has been run here.
    """
    if not database.exists():
        hint = "run a pipeline first, or name the folder with MILONGA_HOME"
        raise UsageError(
            "E905",
            f"there is no run '{wanted}'" if wanted else "there is no run",
            where=str(database.parent),
            hint=hint,
        )
    store = LineageStore(database)
    try:
        yield store
    finally:
        store.close()


def run_named(store: LineageStore, name: str) -> RunRecord:
    """The run of that id, or of a unique beginning of it, or the newest for "last".

    Raises:
        UsageError: E905 there is no such run, E953 several runs begin so.
    """
    if name == NEWEST:
        newest = store.runs(limit=1)
        if newest:
            return newest[0]
    found = store.run(name) if name else None
    if found is not None:
        return found
    similar = [run.id for run in store.runs(limit=1000) if name and run.id.startswith(name)]
    if similar:
        raise UsageError("E953", f"several runs begin with '{name}'", got=listed(similar, _SHOWN))
    hint = "milonga runs lists them; 'last' is the newest"
    raise UsageError("E905", f"there is no run '{name}'", where=str(store.path.parent), hint=hint)


def task_named(store: LineageStore, run: RunRecord, name: str) -> TaskRecord:
    """The task at that path, or the only one whose path ends so: `train` for `for-loop-1[3]/train`.

    Raises:
        UsageError: E913 the run has no such task, E953 several end so.
    """
    exact = store.task(run.id, name)
    if exact is not None:
        return exact
    paths = [task.path for task in store.tasks(run.id)]
    chosen = store.task(run.id, path_ending(run, paths, name))
    if chosen is None:
        raise AssertionError("it was listed a moment ago")
    return chosen


def path_ending(run: RunRecord, paths: Sequence[str], name: str) -> str:
    """The one of `paths` that ends with `name`, which begins where a name in the path does."""
    found = [path for path in paths if path.endswith(f"/{name}")] if name else []
    if len(found) > 1:
        raise UsageError(
            "E953",
            f"several tasks of run {run.id} end with '{name}'",
            got=listed(found, _SHOWN),
            hint="name more of the path",
        )
    if not found:
        near = difflib.get_close_matches(name, paths, n=1) or difflib.get_close_matches(
            name, [path.rpartition("/")[2] for path in paths], n=1
        )
        known = f"it has: {listed(paths, _SHOWN)}" if paths else "it has none yet"
        hint = f"did you mean '{near[0]}'?" if near else known
        raise UsageError("E913", f"run {run.id} has no task '{name}'", hint=hint)
    return found[0]
