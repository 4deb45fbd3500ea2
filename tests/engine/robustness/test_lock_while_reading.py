"""Content is read while nobody waits for the store: reading may take minutes, and others give up after 30 s."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import milonga as ml
from milonga import Dataset, component, importer, pipeline
from milonga.engine.cache.content_check import ContentCheck
from milonga.engine.content import digest_path
from milonga.engine.progress import Silent
from milonga.lineage import ArtifactRecord, LineageStore, RunRecord

SIZE = 500_000_000


@component
def weigh(data: Dataset) -> int:
    return data.path.stat().st_size


@pipeline
def given(data: Dataset) -> int:
    return weigh(data)


@component
def copies(size: int) -> Dataset:
    made = Dataset.create_file()
    with made.path.open("wb") as stream:
        stream.truncate(size)
    return made


def is_free(path: Path) -> bool:
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        other.close()
    return True


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LineageStore]:
    store = LineageStore(tmp_path / "lineage.sqlite")
    yield store
    store.close()


def recorded(path: Path) -> dict[str, ArtifactRecord]:
    return {"a": ArtifactRecord("a", "system.Dataset", str(path), digest_path(path).digest)}


def test_what_was_written_is_committed_before_content_is_read(store: LineageStore, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    artifacts = recorded(tmp_path / "data")
    store.put_run(RunRecord("r", "p", "d", "RUNNING", 1.0))
    assert not is_free(store.path)
    assert ContentCheck(store).holds(artifacts) and is_free(store.path)


def test_what_need_not_be_read_costs_no_commit(store: LineageStore, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    artifacts, check = recorded(tmp_path / "data"), ContentCheck(store)
    assert check.holds(artifacts)
    store.put_run(RunRecord("r", "p", "d", "RUNNING", 1.0))
    assert check.holds(artifacts) and check.still_holds(artifacts) and not is_free(store.path)


def test_a_new_look_sees_what_has_changed_since_and_reads_no_more_than_that(
    store: LineageStore, tmp_path: Path
) -> None:
    path = tmp_path / "data"
    path.write_text("x")
    artifacts, check = recorded(path), ContentCheck(store)
    assert check.holds(artifacts)
    path.write_text("another")
    assert check.holds(artifacts), "what was found intact is not looked at again"
    assert not check.still_holds(artifacts) and not check.holds(artifacts)
    path.write_text("x")
    assert check.still_holds(artifacts)


@contextmanager
def another_writer(database: Path) -> Iterator[list[float]]:
    """Somebody who writes all the time; gives how long each write had to wait."""
    waits: list[float] = []
    has_ended = threading.Event()

    def write() -> None:
        while not database.exists():
            time.sleep(0.01)
        time.sleep(0.1)
        other = sqlite3.connect(database, timeout=60, isolation_level=None)
        while not has_ended.is_set():
            began = time.monotonic()
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
            waits.append(time.monotonic() - began)
            time.sleep(0.005)
        other.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield waits
    finally:
        has_ended.set()
        thread.join()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A file, and how many seconds it takes to read it."""
    path = tmp_path_factory.mktemp("large") / "data.bin"
    with path.open("wb") as stream:
        stream.truncate(SIZE)
    digest_path(path)  # from now on it is in memory
    began = time.monotonic()
    digest_path(path)
    return path, time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize("how", ["input", "import", "output"])
def test_others_write_while_a_run_reads_a_large_file(home: Path, large: tuple[Path, float], how: str) -> None:
    path, seconds = large

    @pipeline
    def imported() -> int:
        return weigh(importer(str(path), Dataset))

    @pipeline
    def made() -> None:
        for _ in range(3):
            copies(SIZE)

    LineageStore(home / "lineage.sqlite").close()
    flow: Any = {"input": given, "import": imported, "output": made}[how]
    with another_writer(home / "lineage.sqlite") as waits:
        ended = ml.run(flow, {"data": str(path)} if how == "input" else {}, home=home, jobs=3, progress=Silent())
    ended.raise_for_state()
    assert len(waits) > 10 and max(waits) < seconds / 2
