"""The SQLite file of schedules and firings.

Ownership: one connection an object, used by one thread; several processes may open the same file. Every change is one
transaction that takes the writers' lock before it reads, so that what it decides is still true when it is written, and
it is on the disk when it ends (`synchronous=FULL`): a firing is known before its run begins, whatever happens then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

from milonga.backends.local.records.schema import STATEMENTS, VERSION
from milonga.errors import StoreError
from milonga.lineage.sqlite_file import SqliteFile


class ScheduleDatabase(SqliteFile):
    """A connection.

    Args:
        path: the file; it and its folder are made.

    Raises:
        StoreError: E473 the file is no database of ours, E474 it is of another version, E475 it cannot be written.
    """

    version: ClassVar[int] = VERSION
    synchronous: ClassVar[Literal["NORMAL", "FULL"]] = "FULL"
    if_full: ClassVar[str] = "free some space"
    if_busy: ClassVar[str] = "try again when it is free"

    def _upgrade(self, version: int) -> None:
        for statement in STATEMENTS:
            self._connection.execute(statement)

    def _damaged(self, said: str) -> StoreError:
        hint = "move the file away to start anew; runs and their folders stay"
        return StoreError("E473", f"the file of schedules is damaged: {said}", where=str(self.path), hint=hint)

    def _newer(self, version: int) -> StoreError:
        return StoreError(
            "E474",
            "the schedules were written by a newer milonga",
            where=str(self.path),
            got=f"version {version}",
            expected=f"at most {self.version}",
            hint="upgrade milonga, or choose another folder with MILONGA_HOME",
        )

    def _unwritable(self, said: str, hint: str = "") -> StoreError:
        return StoreError("E475", f"the schedules cannot be written: {said}", where=str(self.path), hint=hint)

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
        return self._execute(statement, values).lastrowid or 0

    def changed(self, statement: str, *values: Any) -> int:
        """Run one statement; how many rows it changed."""
        return self._execute(statement, values).rowcount

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self._fetch(query, values)
