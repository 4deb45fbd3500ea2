"""The tables, and how a file of an earlier version becomes one of this.

A version is a step: a new file takes all of them, an old one those that it lacks, so both end with the same tables.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any


def _first(connection: sqlite3.Connection) -> None:
    """Runs, tasks, artifacts and the cache."""
    connection.execute(
        """CREATE TABLE IF NOT EXISTS runs (
        id TEXT PRIMARY KEY, pipeline TEXT NOT NULL, graph_digest TEXT NOT NULL, state TEXT NOT NULL,
        created_at REAL NOT NULL, ended_at REAL, arguments TEXT NOT NULL, outputs TEXT NOT NULL,
        output_artifacts TEXT NOT NULL, source TEXT NOT NULL, error TEXT NOT NULL) WITHOUT ROWID"""
    )
    connection.execute("CREATE INDEX IF NOT EXISTS runs_by_pipeline ON runs (pipeline, created_at)")
    connection.execute(
        """CREATE TABLE IF NOT EXISTS tasks (
        run_id TEXT NOT NULL, path TEXT NOT NULL, state TEXT NOT NULL, kind TEXT NOT NULL, component TEXT NOT NULL,
        attempts INTEGER NOT NULL, cached INTEGER NOT NULL, key TEXT NOT NULL, started_at REAL, ended_at REAL,
        cpu_s REAL NOT NULL, peak_memory_bytes INTEGER NOT NULL, inputs TEXT NOT NULL, outputs TEXT NOT NULL,
        input_artifacts TEXT NOT NULL, output_artifacts TEXT NOT NULL, log TEXT NOT NULL, error TEXT NOT NULL,
        iterations INTEGER, PRIMARY KEY (run_id, path)) WITHOUT ROWID"""
    )
    connection.execute(
        """CREATE TABLE IF NOT EXISTS artifact_edges (
        run_id TEXT NOT NULL, path TEXT NOT NULL, direction TEXT NOT NULL, name TEXT NOT NULL,
        position INTEGER NOT NULL, digest TEXT NOT NULL, uri TEXT NOT NULL,
        PRIMARY KEY (run_id, path, direction, name, position)) WITHOUT ROWID"""
    )
    connection.execute("CREATE INDEX IF NOT EXISTS edges_by_digest ON artifact_edges (digest)")
    connection.execute(
        """CREATE TABLE IF NOT EXISTS cache (
        key TEXT PRIMARY KEY, run_id TEXT NOT NULL, path TEXT NOT NULL, outputs TEXT NOT NULL,
        output_artifacts TEXT NOT NULL, created_at REAL NOT NULL, used_at REAL NOT NULL) WITHOUT ROWID"""
    )


def _second(connection: sqlite3.Connection) -> None:
    """Attempts, what a task's key was made of, and what the cache holds on the disk."""
    for column in ("wall_s REAL NOT NULL DEFAULT 0", "identity TEXT NOT NULL DEFAULT ''"):
        connection.execute(f"ALTER TABLE tasks ADD COLUMN {column}")
    for name in ("cache_state", "origin", "graph"):
        connection.execute(f"ALTER TABLE tasks ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")
    connection.execute(
        "UPDATE tasks SET wall_s = max(ended_at - started_at, 0) WHERE started_at IS NOT NULL AND ended_at IS NOT NULL"
    )
    connection.execute("UPDATE tasks SET cache_state = 'hit' WHERE cached")
    connection.execute(
        "CREATE INDEX tasks_by_component ON tasks (component, ended_at) WHERE kind = 'step' AND ended_at IS NOT NULL"
    )
    connection.execute("ALTER TABLE runs ADD COLUMN uses_cache INTEGER NOT NULL DEFAULT 1")
    connection.execute("CREATE INDEX runs_by_source ON runs (source)")
    connection.execute("CREATE TABLE identities (digest TEXT PRIMARY KEY, parts TEXT NOT NULL) WITHOUT ROWID")
    connection.execute(
        """CREATE TABLE attempts (
        run_id TEXT NOT NULL, path TEXT NOT NULL, attempt INTEGER NOT NULL, state TEXT NOT NULL, started_at REAL,
        ended_at REAL, wall_s REAL NOT NULL, cpu_s REAL NOT NULL, peak_memory_bytes INTEGER NOT NULL, exit INTEGER,
        error TEXT NOT NULL, log TEXT NOT NULL, PRIMARY KEY (run_id, path, attempt)) WITHOUT ROWID"""
    )
    connection.execute("ALTER TABLE cache ADD COLUMN hits INTEGER NOT NULL DEFAULT 0")
    connection.execute(
        "CREATE TABLE cache_contents (key TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (key, digest)) WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX cache_contents_by_digest ON cache_contents (digest)")
    connection.execute(
        """CREATE TABLE contents (
        digest TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL, used_at REAL NOT NULL) WITHOUT ROWID"""
    )
    connection.execute(
        "CREATE TABLE stamps (uri TEXT PRIMARY KEY, digest TEXT NOT NULL, stamp TEXT NOT NULL) WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX stamps_by_digest ON stamps (digest)")
    _fill_contents(connection)


def _fill_contents(connection: sqlite3.Connection) -> None:
    """What the entries of a version 1 file hold in the content store: `<two of the digest>/<the rest>/<name>`."""
    for key, used_at, text in connection.execute("SELECT key, used_at, output_artifacts FROM cache").fetchall():
        for record in _records(json.loads(text)):
            digest = str(record.get("digest", ""))
            if digest and PurePath(str(record.get("uri", ""))).parts[-3:-1] == (digest[:2], digest[2:]):
                connection.execute("INSERT OR IGNORE INTO cache_contents VALUES (?, ?)", (key, digest))
                size = int(record.get("size_bytes", 0))
                connection.execute("INSERT OR IGNORE INTO contents VALUES (?, ?, ?)", (digest, size, used_at))


def _records(value: Any) -> Iterator[dict[str, Any]]:
    """All artifact records in the JSON of a task's artifacts, in order."""
    if isinstance(value, list):
        for item in value:
            yield from _records(item)
    elif isinstance(value, dict) and "uri" in value and "digest" in value:
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _records(item)


STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first, _second)
"""`STEPS[n]` makes version n + 1 of version n, inside of the caller's transaction."""

VERSION = len(STEPS)
