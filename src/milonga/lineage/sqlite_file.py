"""`SqliteFile`: one SQLite file, its version, and its failures as errors of ours."""

from __future__ import annotations

import sqlite3
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Literal

from milonga.errors import StoreError

_BUSY_S = 30.0
_DAMAGE = ("malformed", "not a database", "no such table", "no such column", "corrupt", "duplicate column name")


class SqliteFile(ABC):
    """One connection, used by one thread at a time.

    Several processes may open the same file: WAL mode, writers wait for each other up to `_BUSY_S`. A file of a newer
    version is left as it is.

    Args:
        path: the file; it and its folder are made.

    Attributes:
        version: of the tables; a file of an earlier one becomes one of this when it is opened.
        synchronous: when a transaction counts as written: FULL when it is on the disk, NORMAL when it survives the
            process.
        if_full, if_busy: what helps when it cannot be written.

    Raises:
        StoreError: what `_damaged`, `_newer` and `_unwritable` say.
    """

    version: ClassVar[int]
    synchronous: ClassVar[Literal["NORMAL", "FULL"]]
    if_full: ClassVar[str]
    if_busy: ClassVar[str]

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.DatabaseError) as error:
            raise self._unwritable(str(error.strerror if isinstance(error, OSError) else error)) from error
        try:
            version = self._known_version()
            self._choose_journal()
            self._connection.execute(f"PRAGMA synchronous={self.synchronous}")
            if version != self.version:
                self._bring_up_to_date()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise self._failure(error) from error
        except StoreError:
            self._connection.close()
            raise

    @abstractmethod
    def _upgrade(self, version: int) -> None:
        """Make the tables of a file of `version`, 0 for a new one, those of this version. Runs in a transaction."""

    @abstractmethod
    def _damaged(self, said: str) -> StoreError:
        """It is no database of ours."""

    @abstractmethod
    def _newer(self, version: int) -> StoreError:
        """A newer milonga has written it."""

    @abstractmethod
    def _unwritable(self, said: str, hint: str = "") -> StoreError:
        """It cannot be written, or not now."""

    def _known_version(self) -> int:
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if version > self.version:
            raise self._newer(version)
        return version

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

    def _bring_up_to_date(self) -> None:
        """Take the steps that the file lacks, all of them or none. Of several processes one does, the others wait."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._upgrade(self._known_version())
            self._connection.execute(f"PRAGMA user_version={self.version}")
            self._connection.execute("COMMIT")
        except (ValueError, TypeError, AttributeError) as error:  # what an old row holds is no JSON of ours
            raise self._failure(sqlite3.DatabaseError(f"malformed row: {error}")) from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _execute(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def _fetch(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def _failure(self, error: sqlite3.DatabaseError) -> StoreError:
        """What SQLite says, as one of ours. It has no classes for these; its texts have been stable for decades."""
        said = str(error)
        if any(word in said for word in _DAMAGE):
            return self._damaged(said)
        return self._unwritable(said, self.if_full if "full" in said else self.if_busy)
