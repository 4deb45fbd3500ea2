"""`LineageStore`: what was run, in the SQLite file behind every run.

Ownership: one connection an object, used by one thread; several processes may open the same file. What may never
change: a row of a succeeded task is not altered except by running it again. Writes are collected and become visible
together at `commit`, so a killed process leaves no half of a task behind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from milonga.lineage.cache_table import CacheTable
from milonga.lineage.column_text import from_column, to_column
from milonga.lineage.database import Database
from milonga.lineage.records import ArtifactRecord, Artifacts, AttemptRecord, RunRecord, State, TaskRecord, flattened
from milonga.lineage.rows import ATTEMPTS, RUNS, TASKS, json_text


class LineageStore:
    """Reads and writes runs, tasks, attempts and artifacts.

    Args:
        path: the database file; its folder is made.

    Attributes:
        database: the file, for questions that have no method here.
        cache: entries of the cache, and what they hold in the content store.

    Raises:
        StoreError: E421 the file is no database of ours, E422 it is of another version, E423 it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = Database(path)
        self.cache = CacheTable(self.database)
        self._identities: set[str] = set()

    def close(self) -> None:
        """Commit what is pending and let go of the file."""
        self.database.close()

    def roll_back(self) -> None:
        """Forget what was written since the last commit."""
        self._identities.clear()
        self.database.roll_back()

    def commit(self) -> None:
        """Make everything written so far visible and lasting."""
        self.database.commit()

    # Runs ------------------------------------------------------------------------------------------------------

    def put_run(self, run: RunRecord) -> None:
        """Write a run, replacing its row."""
        self.database.write(RUNS.put, [RUNS.row(run)])

    def run(self, run_id: str) -> RunRecord | None:
        """The run of that id, or of a unique beginning of it."""
        query = f"SELECT {RUNS.columns} FROM runs WHERE id = ? OR id LIKE ? ESCAPE '\\' ORDER BY id LIMIT 2"
        prefix = run_id.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        rows = self.database.rows(query, (run_id, prefix))
        exact = [row for row in rows if row[0] == run_id]
        chosen = exact or (rows if len(rows) == 1 else [])
        return RUNS.record(chosen[0]) if chosen else None

    def runs(self, pipeline: str | None = None, limit: int = 50) -> list[RunRecord]:
        """Runs, the newest first; a limit of -1 is none."""
        where, values = ("WHERE pipeline = ?", (pipeline,)) if pipeline else ("", ())
        query = f"SELECT {RUNS.columns} FROM runs {where} ORDER BY created_at DESC, id DESC LIMIT ?"
        return [RUNS.record(row) for row in self.database.rows(query, (*values, limit))]

    def run_from(self, source: str) -> RunRecord | None:
        """The newest run that was started from `source`."""
        query = f"SELECT {RUNS.columns} FROM runs WHERE source = ? ORDER BY created_at DESC LIMIT 1"
        return next((RUNS.record(row) for row in self.database.rows(query, (source,))), None)

    # Tasks -----------------------------------------------------------------------------------------------------

    def put_task(self, task: TaskRecord) -> None:
        """Write a task and its artifact edges, replacing what was there."""
        self.database.write(TASKS.put, [TASKS.row(task)])
        if task.state == "SUCCEEDED" and task.kind == "step":
            edges = [
                (task.run_id, task.path, direction, to_column(name), position, record.digest, to_column(record.uri))
                for direction, artifacts in (("in", task.input_artifacts), ("out", task.output_artifacts))
                for name, position, record in _flat(artifacts)
            ]
            if edges:
                self.database.write(
                    "DELETE FROM artifact_edges WHERE run_id = ? AND path = ?", [(task.run_id, task.path)]
                )
                self.database.write("INSERT OR REPLACE INTO artifact_edges VALUES (?,?,?,?,?,?,?)", edges)

    def forget_tasks(self, run_id: str, keep: Collection[str]) -> None:
        """Drop the tasks of a run that are not among `keep`: those of an earlier form of its pipeline."""
        paths = self.database.rows("SELECT path FROM tasks WHERE run_id = ?", (run_id,))
        gone = [(run_id, path) for (path,) in paths if path not in keep]
        if gone:
            for table in ("tasks", "artifact_edges", "attempts"):
                self.database.write(f"DELETE FROM {table} WHERE run_id = ? AND path = ?", gone)

    def task(self, run_id: str, path: str) -> TaskRecord | None:
        """One task of a run."""
        found = self._tasks("run_id = ? AND path = ?", (run_id, path))
        return found[0] if found else None

    def tasks(self, run_id: str) -> list[TaskRecord]:
        """All tasks of a run, by start time, those that never started last."""
        return self._tasks("run_id = ? ORDER BY started_at IS NULL, started_at, path", (run_id,))

    def finished_steps(self, run_id: str) -> dict[str, TaskRecord]:
        """The succeeded steps of a run by path: what a resumed run does not repeat."""
        found = self._tasks("run_id = ? AND kind = 'step' AND state = 'SUCCEEDED'", (run_id,))
        return {task.path: task for task in found}

    def steps_of(
        self,
        component: str,
        *,
        before: float,
        state: State = "SUCCEEDED",
        path: str = "",
        key: str = "",
        limit: int = 1,
    ) -> list[TaskRecord]:
        """Steps of a component that had ended by `before` (seconds since the epoch), the newest first.

        Args:
            component: its name; compilers number the uses of one, so `comp-train-2` stands for `comp-train` as well.
            path: only those at this place.
            key: only those with this key.
            limit: how many at most.
        """
        base = re.sub(r"-\d+$", "", component)
        chosen = (
            "SELECT run_id, path FROM tasks WHERE component IN (SELECT ? UNION SELECT DISTINCT component FROM tasks "
            "WHERE component >= ? AND component < ? AND kind = 'step' AND ended_at IS NOT NULL) "
            "AND ended_at <= ? AND kind = 'step' AND state = ? "
            "AND ? IN (path, '') AND ? IN (key, '') ORDER BY ended_at DESC, run_id DESC, path LIMIT ?"
        )
        numbered = f"{base}-0", f"{base}-:"  # the character after 9
        found = self._tasks(f"(run_id, path) IN ({chosen})", (base, *numbered, before, state, path, key, limit))
        found.sort(key=lambda task: task.path)
        found.sort(key=lambda task: (task.ended_at or 0.0, task.run_id), reverse=True)
        return found

    def _tasks(self, where: str, values: tuple[object, ...]) -> list[TaskRecord]:
        query = f"SELECT {TASKS.columns} FROM tasks WHERE {where}"
        return [TASKS.record(row) for row in self.database.rows(query, values)]

    def durations_s(self, pipeline: str) -> dict[str, float]:
        """Component → seconds that a step of it took in the newest run of `pipeline` that has ended well."""
        query = (
            "SELECT component, avg(ended_at - started_at) FROM tasks WHERE kind = 'step' AND state = 'SUCCEEDED' AND "
            "cached = 0 AND run_id = (SELECT id FROM runs WHERE pipeline = ? AND state = 'SUCCEEDED' "
            "ORDER BY created_at DESC LIMIT 1) GROUP BY component"
        )
        return {component: max(seconds, 0.0) for component, seconds in self.database.rows(query, (pipeline,))}

    # Attempts --------------------------------------------------------------------------------------------------

    def put_attempt(self, attempt: AttemptRecord) -> None:
        """Write an attempt, replacing its row."""
        self.database.write(ATTEMPTS.put, [ATTEMPTS.row(attempt)])

    def attempts(self, run_id: str, path: str | None = None) -> list[AttemptRecord]:
        """The attempts of a task, the first one first; without a path those of all tasks of the run."""
        where, values = ("run_id = ?", (run_id,)) if path is None else ("run_id = ? AND path = ?", (run_id, path))
        query = f"SELECT {ATTEMPTS.columns} FROM attempts WHERE {where} ORDER BY path, attempt"
        return [ATTEMPTS.record(row) for row in self.database.rows(query, values)]

    # Identities ------------------------------------------------------------------------------------------------

    def put_identity(self, digest: str, parts: Mapping[str, str]) -> None:
        """Keep what the key of a step is made of besides its inputs, once for all tasks with that digest."""
        if digest not in self._identities:
            self._identities.add(digest)
            self.database.write("INSERT OR IGNORE INTO identities VALUES (?, ?)", [(digest, json_text(dict(parts)))])

    def identity_parts(self, digest: str) -> dict[str, str]:
        """Part → text that changes with it; nothing where it was not kept."""
        rows = self.database.rows("SELECT parts FROM identities WHERE digest = ?", (digest,))
        return dict(json.loads(rows[0][0])) if rows else {}

    # Artifacts -------------------------------------------------------------------------------------------------

    def producers_of(self, digest: str) -> list[tuple[str, str, str]]:
        """(run id, task path, output name) of every task that made content of this digest."""
        query = "SELECT run_id, path, name FROM artifact_edges WHERE digest = ? AND direction = 'out'"
        return [(run_id, path, from_column(name)) for run_id, path, name in self.database.rows(query, (digest,))]

    def digests_of_tasks(self, run_ids: Collection[str]) -> set[str]:
        """Digests of everything that the succeeded steps of these runs have taken or made."""
        query = "SELECT DISTINCT digest FROM artifact_edges WHERE run_id = ?"
        return {digest for run_id in run_ids for (digest,) in self.database.rows(query, (run_id,))}


def _flat(artifacts: Artifacts) -> Iterable[tuple[str, int, ArtifactRecord]]:
    for name, value in artifacts.items():
        for position, record in enumerate(flattened(value)):
            yield name, position, record
