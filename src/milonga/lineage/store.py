"""`LineageStore`: the SQLite file behind every run.

Ownership: one connection an object, used by one thread; several processes may open the same file (WAL mode, writers
wait up to `_BUSY_S`). What may never change: a row of a succeeded task is not altered except by running it again.
Writes are collected and become visible together at `commit`, so a killed process leaves no half of a task behind.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from milonga.errors import StoreError
from milonga.lineage.records import (
    ArtifactRecord,
    Artifacts,
    RunRecord,
    TaskRecord,
    artifacts_from_json,
    artifacts_to_json,
    flattened,
)
from milonga.lineage.schema import STATEMENTS, VERSION

_BUSY_S = 30.0

_TASK_COLUMNS = (
    "run_id, path, state, kind, component, attempts, cached, key, started_at, ended_at, cpu_s, peak_memory_bytes, "
    "inputs, outputs, input_artifacts, output_artifacts, log, error, iterations"
)
_RUN_COLUMNS = (
    "id, pipeline, graph_digest, state, created_at, ended_at, arguments, outputs, output_artifacts, source, error"
)


def _text(value: Any) -> str:
    if not value:
        return "{}"
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)


class LineageStore:
    """Reads and writes runs, tasks, artifacts and cache entries.

    Args:
        path: the database file; its folder is made.

    Raises:
        StoreError: E421 the file is no database of ours, E422 it is of another version, E423 it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._is_open = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.DatabaseError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise StoreError("E423", f"the run store cannot be written: {reason}", where=str(path)) from error
        try:
            self._choose_journal()
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise self._failure(error) from error
        except StoreError:
            self._connection.close()
            raise

    def _choose_journal(self) -> None:
        """Switch to WAL. SQLite does not wait for its lock here, and engines that begin together need it at once."""
        deadline = time.monotonic() + _BUSY_S
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def _prepare(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise StoreError(
                "E422",
                "the run store was written by a newer milonga",
                where=str(self.path),
                got=f"version {version}",
                expected=f"at most {VERSION}",
                hint="upgrade milonga, or choose another folder with MILONGA_HOME",
            )
        if version == VERSION:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        for statement in STATEMENTS:
            self._connection.execute(statement)
        self._connection.execute(f"PRAGMA user_version={VERSION}")
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Commit what is pending and let go of the file."""
        self.commit()
        self._connection.close()

    def commit(self) -> None:
        """Make everything written so far visible and lasting."""
        if self._is_open:
            self._execute("COMMIT")
            self._is_open = False

    def _write(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        if not self._is_open:
            self._execute("BEGIN IMMEDIATE")
            self._is_open = True
        try:
            self._connection.executemany(statement, rows)
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def _execute(self, statement: str) -> None:
        try:
            self._connection.execute(statement)
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def _rows(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def _failure(self, error: sqlite3.DatabaseError) -> StoreError:
        """What SQLite says, as one of ours. It has no classes for these; its texts have been stable for decades."""
        text = str(error)
        if any(word in text for word in ("malformed", "not a database", "no such table", "no such column", "corrupt")):
            hint = "move the file away to start a new store; the runs' folders stay"
            return StoreError("E421", f"the run store is damaged: {error}", where=str(self.path), hint=hint)
        hint = "free some space and resume the run" if "full" in text else "resume the run when it is free again"
        return StoreError("E423", f"the run store cannot be written: {error}", where=str(self.path), hint=hint)

    # Runs ------------------------------------------------------------------------------------------------------

    def put_run(self, run: RunRecord) -> None:
        """Write a run, replacing its row."""
        row = (
            run.id,
            run.pipeline,
            run.graph_digest,
            run.state,
            run.created_at,
            run.ended_at,
            _text(run.arguments),
            _text(run.outputs),
            _text(artifacts_to_json(run.output_artifacts)),
            run.source,
            _text(run.error),
        )
        self._write(f"INSERT OR REPLACE INTO runs ({_RUN_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?)", [row])

    def run(self, run_id: str) -> RunRecord | None:
        """The run of that id, or of a unique beginning of it."""
        query = f"SELECT {_RUN_COLUMNS} FROM runs WHERE id = ? OR id LIKE ? ESCAPE '\\' ORDER BY id LIMIT 2"
        prefix = run_id.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        rows = self._rows(query, (run_id, prefix))
        exact = [row for row in rows if row[0] == run_id]
        chosen = exact or (rows if len(rows) == 1 else [])
        return _run(chosen[0]) if chosen else None

    def runs(self, pipeline: str | None = None, limit: int = 50) -> list[RunRecord]:
        """Runs, the newest first."""
        where, values = ("WHERE pipeline = ?", (pipeline,)) if pipeline else ("", ())
        query = f"SELECT {_RUN_COLUMNS} FROM runs {where} ORDER BY created_at DESC, id DESC LIMIT ?"
        return [_run(row) for row in self._rows(query, (*values, limit))]

    # Tasks -----------------------------------------------------------------------------------------------------

    def put_task(self, task: TaskRecord) -> None:
        """Write a task and its artifact edges, replacing what was there."""
        row = (
            task.run_id,
            task.path,
            task.state,
            task.kind,
            task.component,
            task.attempts,
            int(task.cached),
            task.key,
            task.started_at,
            task.ended_at,
            task.cpu_s,
            task.peak_memory_bytes,
            _text(task.inputs),
            _text(task.outputs),
            _text(artifacts_to_json(task.input_artifacts)),
            _text(artifacts_to_json(task.output_artifacts)),
            task.log,
            _text(task.error),
            task.iterations,
        )
        places = ",".join("?" * 19)
        self._write(f"INSERT OR REPLACE INTO tasks ({_TASK_COLUMNS}) VALUES ({places})", [row])
        if task.state == "SUCCEEDED" and task.kind == "step":
            edges = [
                (task.run_id, task.path, direction, name, position, record.digest, record.uri)
                for direction, artifacts in (("in", task.input_artifacts), ("out", task.output_artifacts))
                for name, position, record in _flat(artifacts)
            ]
            if edges:
                self._write("DELETE FROM artifact_edges WHERE run_id = ? AND path = ?", [(task.run_id, task.path)])
                self._write("INSERT OR REPLACE INTO artifact_edges VALUES (?,?,?,?,?,?,?)", edges)

    def forget_tasks(self, run_id: str, keep: Collection[str]) -> None:
        """Drop the tasks of a run that are not among `keep`: those of an earlier form of its pipeline."""
        gone = [(run_id, task.path) for task in self.tasks(run_id) if task.path not in keep]
        if gone:
            self._write("DELETE FROM tasks WHERE run_id = ? AND path = ?", gone)
            self._write("DELETE FROM artifact_edges WHERE run_id = ? AND path = ?", gone)

    def task(self, run_id: str, path: str) -> TaskRecord | None:
        """One task of a run."""
        query = f"SELECT {_TASK_COLUMNS} FROM tasks WHERE run_id = ? AND path = ?"
        rows = self._rows(query, (run_id, path))
        return _task(rows[0]) if rows else None

    def tasks(self, run_id: str) -> list[TaskRecord]:
        """All tasks of a run, by start time, those that never started last."""
        query = f"SELECT {_TASK_COLUMNS} FROM tasks WHERE run_id = ? ORDER BY started_at IS NULL, started_at, path"
        return [_task(row) for row in self._rows(query, (run_id,))]

    def finished_steps(self, run_id: str) -> dict[str, TaskRecord]:
        """The succeeded steps of a run by path: what a resumed run does not repeat."""
        query = f"SELECT {_TASK_COLUMNS} FROM tasks WHERE run_id = ? AND kind = 'step' AND state = 'SUCCEEDED'"
        return {row[1]: _task(row) for row in self._rows(query, (run_id,))}

    def producers_of(self, digest: str) -> list[tuple[str, str, str]]:
        """(run id, task path, output name) of every task that made content of this digest."""
        query = "SELECT run_id, path, name FROM artifact_edges WHERE digest = ? AND direction = 'out'"
        return [(run_id, path, name) for run_id, path, name in self._rows(query, (digest,))]

    # Cache -----------------------------------------------------------------------------------------------------

    def put_cache(self, key: str, task: TaskRecord, now: float) -> None:
        """Remember that `key` gives the outputs of `task`."""
        row = (
            key,
            task.run_id,
            task.path,
            _text(task.outputs),
            _text(artifacts_to_json(task.output_artifacts)),
            now,
            now,
        )
        self._write("INSERT OR REPLACE INTO cache VALUES (?,?,?,?,?,?,?)", [row])

    def cached(self, key: str) -> tuple[Mapping[str, Any], Artifacts] | None:
        """Outputs and output artifacts under `key`."""
        query = "SELECT outputs, output_artifacts FROM cache WHERE key = ?"
        rows = self._rows(query, (key,))
        return (json.loads(rows[0][0]), artifacts_from_json(json.loads(rows[0][1]))) if rows else None

    def forget_cache(self, key: str) -> None:
        """Drop a cache entry whose outputs are gone."""
        self._write("DELETE FROM cache WHERE key = ?", [(key,)])


def _flat(artifacts: Artifacts) -> Iterable[tuple[str, int, ArtifactRecord]]:
    for name, value in artifacts.items():
        for position, record in enumerate(flattened(value)):
            yield name, position, record


def _run(row: tuple[Any, ...]) -> RunRecord:
    return RunRecord(
        id=row[0],
        pipeline=row[1],
        graph_digest=row[2],
        state=row[3],
        created_at=row[4],
        ended_at=row[5],
        arguments=json.loads(row[6]),
        outputs=json.loads(row[7]),
        output_artifacts=artifacts_from_json(json.loads(row[8])),
        source=row[9],
        error=json.loads(row[10]),
    )


def _task(row: tuple[Any, ...]) -> TaskRecord:
    return TaskRecord(
        run_id=row[0],
        path=row[1],
        state=row[2],
        kind=row[3],
        component=row[4],
        attempts=row[5],
        cached=bool(row[6]),
        key=row[7],
        started_at=row[8],
        ended_at=row[9],
        cpu_s=row[10],
        peak_memory_bytes=row[11],
        inputs=json.loads(row[12]),
        outputs=json.loads(row[13]),
        input_artifacts=artifacts_from_json(json.loads(row[14])),
        output_artifacts=artifacts_from_json(json.loads(row[15])),
        log=row[16],
        error=json.loads(row[17]),
        iterations=row[18],
    )
