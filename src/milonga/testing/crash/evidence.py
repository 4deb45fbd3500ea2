"""What a killed run left behind: which steps are recorded as finished, what was done, what is damaged."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from milonga.engine.content import digest_path
from milonga.engine.home import Home
from milonga.errors import MilongaError
from milonga.lineage import LineageStore, TaskRecord
from milonga.lineage.records import Artifacts, flattened
from milonga.runtime.placement import local_path
from milonga.testing.crash.ledger import executions

_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One look at a site.

    Attributes:
        state: of its newest run; "" when there is none.
        finished: the steps that are recorded as succeeded, by label.
        executions: how often each label is in the ledger. Read after `finished`, so what is in there is in here.
    """

    state: str = ""
    finished: Mapping[str, TaskRecord] = field(default_factory=dict)
    executions: Mapping[str, int] = field(default_factory=Counter)


def label_of(path: str) -> str:
    """The label of a step: "for-loop-1[2]/for-loop-3[0]/cell" is "cell 2 0"."""
    name = _INDEX.sub("", path.rsplit("/", 1)[-1])
    return " ".join([name, *_INDEX.findall(path)])


def look_at(home: Path, ledger: Path) -> Evidence:
    """What the store says about its newest run, and then what the ledger says. Another process may go on writing."""
    database = Home(home).database
    state, finished = "", {}
    if database.exists():
        store = LineageStore(database)
        try:
            for run in store.runs(limit=1):
                state = run.state
                finished = {label_of(path): record for path, record in store.finished_steps(run.id).items()}
        finally:
            store.close()
    return Evidence(state, finished, executions(ledger))


def is_same_work(one: TaskRecord, other: TaskRecord) -> bool:
    """Whether two executions of a step got the same values and the same content."""
    return dict(one.inputs) == dict(other.inputs) and _digests(one.input_artifacts) == _digests(other.input_artifacts)


def _digests(artifacts: Artifacts) -> dict[str, list[str]]:
    return {name: [record.digest for record in flattened(value)] for name, value in artifacts.items()}


def find_damage(home: Path) -> list[str]:
    """What is corrupt, each in one line: the database, its rows, the content that rows name, the content store."""
    if not Home(home).database.exists():
        return []
    try:
        return [*_damaged_rows(Home(home)), *_damaged_records(Home(home)), *_damaged_content(Home(home).content)]
    except (MilongaError, sqlite3.Error, ValueError, LookupError) as error:
        return [f"the store cannot be read: {type(error).__name__}: {error}"]


def _damaged_rows(home: Home) -> Iterator[str]:
    """Every row of every table: whatever looks like JSON must be JSON."""
    connection = sqlite3.connect(home.database)
    try:
        verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            yield f"integrity_check: {verdict}"
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, str) and value[:1] in ("{", "["):
                        try:
                            json.loads(value)
                        except ValueError as error:
                            yield f"a row of {table}: {error}: {value[:80]}"
    finally:
        connection.close()


def _damaged_records(home: Home) -> Iterator[str]:
    """A finished step has an end, and the content that it made is there as it was recorded."""
    store = LineageStore(home.database)
    try:
        for run in store.runs():
            for path, record in store.finished_steps(run.id).items():
                if record.ended_at is None:
                    yield f"{path} has succeeded and not ended"
                for artifact in (item for value in record.output_artifacts.values() for item in flattened(value)):
                    yield from _damaged_file(path, local_path({"uri": artifact.uri}), artifact.digest)
    finally:
        store.close()


def _damaged_content(root: Path) -> Iterator[str]:
    """Content is named by its digest; a name that begins with a dot is on its way in or out, and seen by nobody."""
    for content in root.glob("*/*/*"):
        address = content.parent.parent.name + content.parent.name
        if len(address) == 64 and not content.name.startswith("."):
            yield from _damaged_file("the content store", content, address)


def _damaged_file(where: str, path: Path, digest: str) -> Iterator[str]:
    try:
        found = digest_path(path).digest
    except OSError as error:
        yield f"{where}: {path} cannot be read: {error.strerror}"
        return
    if found != digest:
        yield f"{where}: {path} is not what was recorded"
