"""The SQLite file of schedules and firings.

Ownership: one connection an object, used by one thread; several processes may open the same file. Every change is one
transaction that takes the writers' lock before it reads, so that what it decides is still true when it is written, and
it is on the disk when it ends (`synchronous=FULL`): a firing is known before its run begins, whatever happens then.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from milonga.backends.local.records.schema import STATEMENTS, VERSION
from milonga.errors import StoreError

_BUSY_S = 30.0


class ScheduleDatabase:
    """A connection.

    Args:
        path: the file; it and its folder are made.

    Raises:
        StoreError: E473 the file is no database of ours, E474 it is of another version, E475 it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        except (OSError, sqlite3.DatabaseError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise StoreError("E475", f"the schedules cannot be written: {reason}", where=str(path)) from error
        try:
            version = self._known_version()
            self._choose_journal()
            self._connection.execute("PRAGMA synchronous=FULL")
            if version != VERSION:
                self._make_tables()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise self._failure(error) from error
        except StoreError:
            self._connection.close()
            raise

    def _choose_journal(self) -> None:
        """Switch to WAL. SQLite does not wait for its lock here, and processes that begin together need it at once."""
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

    def _known_version(self) -> int:
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            raise StoreError(
                "E474",
                "the schedules were written by a newer milonga",
                where=str(self.path),
                got=f"version {version}",
                expected=f"at most {VERSION}",
                hint="upgrade milonga, or choose another folder with MILONGA_HOME",
            )
        return version

    def _make_tables(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for statement in STATEMENTS:
            self._connection.execute(statement)
        self._connection.execute(f"PRAGMA user_version={VERSION}")
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> ScheduleDatabase:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written, or nothing."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def execute(self, statement: str, *values: Any) -> int:
        """Run one statement; the number of the row that it made."""
        try:
            return self._connection.execute(statement, values).lastrowid or 0
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def changed(self, statement: str, *values: Any) -> int:
        """Run one statement; how many rows it changed."""
        try:
            return self._connection.execute(statement, values).rowcount
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def _failure(self, error: sqlite3.DatabaseError) -> StoreError:
        text = str(error)
        if any(word in text for word in ("malformed", "not a database", "no such table", "no such column", "corrupt")):
            hint = "move the file away to start anew; runs and their folders stay"
            return StoreError("E473", f"the file of schedules is damaged: {error}", where=str(self.path), hint=hint)
        hint = "free some space" if "full" in text else "try again when it is free"
        return StoreError("E475", f"the schedules cannot be written: {error}", where=str(self.path), hint=hint)
