"""`Database`: the SQLite file of runs, and its transactions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal

from milonga.errors import StoreError
from milonga.lineage.schema import STEPS, VERSION
from milonga.lineage.sqlite_file import SqliteFile


class Database(SqliteFile):
    """One connection, used by one thread at a time. Writes are collected and become visible together at `commit`.

    Args:
        path: the file; its folder is made.

    Raises:
        StoreError: E421 the file is no database of ours, E422 it is of a newer version, E423 it cannot be written.
    """

    version: ClassVar[int] = VERSION
    synchronous: ClassVar[Literal["NORMAL", "FULL"]] = "NORMAL"
    if_full: ClassVar[str] = "free some space and resume the run"
    if_busy: ClassVar[str] = "resume the run when it is free again"

    def __init__(self, path: Path) -> None:
        _require_text(path)
        super().__init__(path)

    def _upgrade(self, version: int) -> None:
        for step in STEPS[version:]:
            step(self._connection)

    def _damaged(self, said: str) -> StoreError:
        hint = "move the file away to start a new store; the runs' folders stay"
        return StoreError("E421", f"the run store is damaged: {said}", where=str(self.path), hint=hint)

    def _newer(self, version: int) -> StoreError:
        return StoreError(
            "E422",
            "the run store was written by a newer milonga",
            where=str(self.path),
            got=f"version {version}",
            expected=f"at most {self.version}",
            hint="upgrade milonga, or choose another folder with MILONGA_HOME",
        )

    def _unwritable(self, said: str, hint: str = "") -> StoreError:
        return StoreError("E423", f"the run store cannot be written: {said}", where=str(self.path), hint=hint)

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
        return self._fetch(query, values)


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
