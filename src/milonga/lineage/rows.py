"""Rows and records: one table's columns, each with the way to SQL and back."""

from __future__ import annotations

import dataclasses
import json
import operator
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from milonga.lineage.records import (
    AttemptRecord,
    CacheEntry,
    RunRecord,
    TaskRecord,
    artifacts_from_json,
    artifacts_to_json,
)

Record = TypeVar("Record")

_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True)


def json_text(value: Any) -> str:
    """`value` as compact JSON in ASCII, which holds what no encoding has, such as half of a surrogate pair."""
    return _JSON.encode(value) if value else "{}"


def _from_text(text: str) -> Any:
    return {} if text == "{}" else json.loads(text)


def _artifacts_text(artifacts: Any) -> str:
    return json_text(artifacts_to_json(artifacts)) if artifacts else "{}"


def _artifacts(text: str) -> Any:
    return {} if text == "{}" else artifacts_from_json(json.loads(text))


_CODECS: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "Mapping[str, Any]": (json_text, _from_text),
    "Artifacts": (_artifacts_text, _artifacts),
    "bool": (int, bool),
}
"""By the annotation of a field. Anything else is for SQLite what it is for Python."""


class Table(Generic[Record]):
    """How a record stands in a table that has a column for each of its fields, by the same name.

    Attributes:
        columns: their names, joined by commas.
        put: the statement that inserts a row or replaces it.
    """

    def __init__(self, name: str, record: type[Record]) -> None:
        fields = dataclasses.fields(record)  # type: ignore[arg-type]  # a dataclass, which no type says
        names = [field.name for field in fields]
        self.columns = ", ".join(names)
        self.put = f"INSERT OR REPLACE INTO {name} ({self.columns}) VALUES ({','.join('?' * len(names))})"
        self._record = record
        self._values = operator.attrgetter(*names)
        self._codecs = [(at, *_CODECS[str(field.type)]) for at, field in enumerate(fields) if field.type in _CODECS]

    def row(self, record: Record) -> tuple[Any, ...]:
        """The values of a row."""
        values = list(self._values(record))
        for position, encode, _ in self._codecs:
            values[position] = encode(values[position])
        return tuple(values)

    def record(self, row: tuple[Any, ...]) -> Record:
        """The record behind a row of `columns`."""
        values = list(row)
        for position, _, decode in self._codecs:
            values[position] = decode(values[position])
        return self._record(*values)


RUNS = Table("runs", RunRecord)
TASKS = Table("tasks", TaskRecord)
ATTEMPTS = Table("attempts", AttemptRecord)
ENTRIES = Table("cache", CacheEntry)
