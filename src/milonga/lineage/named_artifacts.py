"""The artifact that a user's words mean: a digest or its beginning, a URI, or an output of a task."""

from __future__ import annotations

import re

from milonga.errors import UsageError
from milonga.lineage.ancestry import Start, listed
from milonga.lineage.column_text import to_column
from milonga.lineage.records import ArtifactRecord, ArtifactValue, RunRecord, TaskRecord, flattened
from milonga.lineage.selection import run_named, task_named
from milonga.lineage.store import LineageStore

_DIGEST = re.compile(r"[0-9a-f]{4,64}")
_POSITION = re.compile(r"(?P<name>.*)\[(?P<position>\d+)\]", re.DOTALL)
_SHOWN = 8


def artifact_named(store: LineageStore, name: str) -> tuple[Start, ...]:
    """Where a walk from `name` begins.

    Args:
        store: the records.
        name: a digest or a unique beginning of one, a URI, `RUN/TASK.OUTPUT`, `RUN/TASK` (all of it) or `RUN/OUTPUT` (a
            result of the run). RUN and TASK as everywhere: unique parts of them.

    Raises:
        UsageError: E952 no recorded task has made or taken it, E953 several are meant, E905 and E913 no such run, task.
    """
    if _DIGEST.fullmatch(name):
        found = _of_digest(store, name)
        if found:
            return found
    elif "://" in name:
        found = _of_uri(store, name)
        if found:
            return found
    elif "/" in name:
        return _of_place(store, name)
    raise UsageError(
        "E952",
        f"no recorded task has made or taken '{name}'",
        where=str(store.path.parent),
        expected="a digest (4 characters or more), a path, a URI, or RUN/TASK.OUTPUT",
        hint="milonga show RUN TASK lists the artifacts of a task",
    )


def _of_digest(store: LineageStore, beginning: str) -> tuple[Start, ...]:
    query = "SELECT DISTINCT digest FROM artifact_edges WHERE digest >= ? AND digest < ? ORDER BY digest LIMIT ?"
    rows = store.database.rows(query, (beginning, f"{beginning}g", _SHOWN + 1))
    if len(rows) > 1:
        got = ", ".join(str(digest)[:16] for (digest,) in rows[:_SHOWN]) + (" and more" if len(rows) > _SHOWN else "")
        raise UsageError("E953", f"several digests begin with '{beginning}'", got=got)
    return (Start(_record_of(store, str(rows[0][0]))),) if rows else ()


def _record_of(store: LineageStore, digest: str) -> ArtifactRecord:
    """What one of the tasks that had that content said about it."""
    query = "SELECT run_id, path FROM artifact_edges WHERE digest = ? ORDER BY direction DESC, run_id, path LIMIT 1"
    for run_id, path in store.database.rows(query, (digest,)):
        task = store.task(run_id, path)
        if task is not None:
            for artifacts in (task.output_artifacts, task.input_artifacts):
                for _, _, record in listed(artifacts):
                    if record.digest == digest:
                        return record
    return ArtifactRecord("", "", "", digest)


def _of_uri(store: LineageStore, uri: str) -> tuple[Start, ...]:
    query = (
        "SELECT run_id, path, direction FROM artifact_edges WHERE uri = ? ORDER BY direction DESC, run_id DESC LIMIT 1"
    )
    for run_id, path, direction in store.database.rows(query, (to_column(uri),)):
        task = store.task(run_id, path)
        if task is not None:
            for name, _, record in listed(task.output_artifacts if direction == "out" else task.input_artifacts):
                if record.uri == uri:
                    return (Start(record, task, name) if direction == "out" else Start(record),)
    return ()


def _of_place(store: LineageStore, name: str) -> tuple[Start, ...]:
    run_name, _, rest = name.partition("/")
    run = run_named(store, run_name)
    whole = store.task(run.id, rest)
    if whole is not None and whole.kind == "step":
        return _all_of(whole)
    exact = _exact_place(store, run, rest)
    if exact:
        return exact
    if "." not in rest.rpartition("/")[2]:
        result = run.output_artifacts.get(rest)
        if result is not None:
            return tuple(_result(store, run, rest, result))
        return _all_of(_step(store, run, rest))
    task_name, _, output = rest.rpartition(".")
    task = _step(store, run, task_name)
    position = _POSITION.fullmatch(output)
    chosen = position["name"] if position is not None and output not in task.output_artifacts else output
    value = task.output_artifacts.get(chosen)
    if value is None:
        if output in task.outputs:
            return (Start(maker=task),)
        expected = ", ".join([*task.output_artifacts, *task.outputs]) or "it has none"
        raise UsageError("E952", f"'{task.path}' of run {run.id} has no output '{output}'", expected=expected)
    starts = [
        Start(record, task, chosen, index if isinstance(value, tuple) else None)
        for index, record in enumerate(flattened(value))
        if chosen == output or position is None or index == int(position["position"])
    ]
    if not starts:
        raise UsageError("E952", f"the output '{chosen}' of '{task.path}' has no item {output.removeprefix(chosen)}")
    return tuple(starts)


def _exact_place(store: LineageStore, run: RunRecord, place: str) -> tuple[Start, ...]:
    """A whole path and a whole output, either of which may hold dots itself."""
    for index, character in enumerate(place):
        task = store.task(run.id, place[:index]) if character == "." else None
        value = task.output_artifacts.get(place[index + 1 :]) if task is not None else None
        if task is not None and value is not None:
            is_list, output = isinstance(value, tuple), place[index + 1 :]
            records = enumerate(flattened(value))
            return tuple(Start(record, task, output, at if is_list else None) for at, record in records)
    return ()


def _step(store: LineageStore, run: RunRecord, name: str) -> TaskRecord:
    task = task_named(store, run, name)
    if task.kind == "group":
        raise UsageError(
            "E952", f"'{task.path}' is a group of tasks, which makes nothing itself", hint=f"milonga show {run.id}"
        )
    return task


def _all_of(task: TaskRecord) -> tuple[Start, ...]:
    return (Start(maker=task),)


def _result(store: LineageStore, run: RunRecord, name: str, value: ArtifactValue) -> list[Start]:
    """A result of a run, as the output of the task of that run that made it."""
    starts: list[Start] = []
    for record in flattened(value):
        makers = [item for item in store.producers_of(record.digest) if item[0] == run.id] if record.digest else []
        task = store.task(run.id, makers[0][1]) if makers else None
        starts.append(Start(record, task, makers[0][2]) if task is not None else Start(record))
    if not starts:
        raise UsageError("E952", f"the result '{name}' of run {run.id} is an empty list")
    return starts
