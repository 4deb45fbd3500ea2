"""`Database`: one SQLite file, its version, its transactions, and its failures as errors of ours."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from milonga.errors import StoreError
from milonga.lineage.schema import STEPS, VERSION

_BUSY_S = 30.0
_DAMAGE = ("malformed", "not a database", "no such table", "no such column", "corrupt", "duplicate column name")


class Database:
    """One connection, used by one thread at a time.

    Several processes may open the same file: WAL mode, writers wait for each other up to `_BUSY_S`. Writes are
    collected and become visible together at `commit`.

    Args:
        path: the file; its folder is made.

    Raises:
        StoreError: E421 the file is no database of ours, E422 it is of a newer version, E423 it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _require_text(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.DatabaseError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise StoreError("E423", f"the run store cannot be written: {reason}", where=str(path)) from error
        try:
            self._choose_journal()
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._bring_up_to_date()
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

    def _bring_up_to_date(self) -> None:
        """Take the steps that the file lacks, all of them or none. Of several processes one does, the others wait."""
        if self._version() == VERSION:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for step in STEPS[self._version() :]:
                step(self._connection)
            self._connection.execute(f"PRAGMA user_version={VERSION}")
            self._connection.execute("COMMIT")
        except (ValueError, TypeError, AttributeError) as error:  # what an old row holds is no JSON of ours
            raise self._failure(sqlite3.DatabaseError(f"malformed row: {error}")) from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _version(self) -> int:
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            raise StoreError(
                "E422",
                "the run store was written by a newer milonga",
                where=str(self.path),
                got=f"version {version}",
                expected=f"at most {VERSION}",
                hint="upgrade milonga, or choose another folder with MILONGA_HOME",
            )
        return version

    def close(self) -> None:
        """Commit what is pending and let go of the file."""
        try:
            self.commit()
        finally:
            self._connection.close()

    def roll_back(self) -> None:
        """Forget everything written since the last commit."""
        if self._connection.in_transaction:
            self._execute("ROLLBACK")

    def commit(self) -> None:
        """Make everything written so far visible and lasting."""
        if self._connection.in_transaction:
            self._execute("COMMIT")

    def begin(self) -> None:
        """Open the transaction that `commit` ends, if it is not open: nobody else writes until then."""
        if not self._connection.in_transaction:  # SQLite itself gives one up when the disk is full
            self._execute("BEGIN IMMEDIATE")

    def write(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Execute `statement` for each row, to be committed later."""
        self.begin()
        try:
            self._connection.executemany(statement, rows)
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query. What this object has written and not committed is seen."""
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def _execute(self, statement: str) -> None:
        try:
            self._connection.execute(statement)
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def _failure(self, error: sqlite3.DatabaseError) -> StoreError:
        """What SQLite says, as one of ours. It has no classes for these; its texts have been stable for decades."""
        text = str(error)
        if any(word in text for word in _DAMAGE):
            hint = "move the file away to start a new store; the runs' folders stay"
            return StoreError("E421", f"the run store is damaged: {error}", where=str(self.path), hint=hint)
        hint = "free some space and resume the run" if "full" in text else "resume the run when it is free again"
        return StoreError("E423", f"the run store cannot be written: {error}", where=str(self.path), hint=hint)


def _require_text(path: Path) -> None:
    """Rows name files under the folder of the store, and SQLite keeps no text that has no encoding."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError as error:
        raise StoreError(
            "E423",
            "the path of the state folder is no UTF-8",
            where=os.fsencode(path).decode("utf-8", "replace"),
            hint="choose another folder with MILONGA_HOME",
        ) from error
