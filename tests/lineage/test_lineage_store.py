"""The lineage store gives back what it was given, to several processes at once, and says so when it cannot."""

from __future__ import annotations

import multiprocessing
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from milonga.errors import StoreError
from milonga.lineage import ArtifactRecord, LineageStore, RunRecord, TaskRecord

RUN = RunRecord(
    id="20260101-000000-abcdef",
    pipeline="p",
    graph_digest="d" * 64,
    state="SUCCEEDED",
    created_at=1000.25,
    ended_at=1001.5,
    arguments={"x": 1, "y": 1.0, "text": "ñ '\" \ud800 \x00", "none": None, "deep": {"a": [1, {"b": []}]}},
    outputs={"Output": [1, 2.5, True, None]},
    output_artifacts={"model": ArtifactRecord("model", "system.Model", "/somewhere", "ab" * 32, 7, {"k": [1]})},
    source="flow.py:p",
    error={"code": "E410", "message": "no"},
)
ONE = ArtifactRecord("a", "system.Dataset", "/a", "11" * 32, 1, {"n": 1})
TWO = ArtifactRecord("a", "system.Dataset", "/b", "22" * 32, 2)
TASK = TaskRecord(
    run_id=RUN.id,
    path="for-loop-1[3]/train",
    state="SUCCEEDED",
    component="comp-train",
    attempts=2,
    cached=True,
    key="k" * 64,
    started_at=1000.5,
    ended_at=1001.0,
    cpu_s=0.25,
    peak_memory_bytes=2**40,
    inputs={"value": 2**53 - 1},
    outputs={"Output": "x" * 100_000},
    input_artifacts={"one": ONE, "many": (ONE, TWO), "nested": ((ONE,), (), (TWO, ONE))},
    output_artifacts={"Output": TWO},
    log="tasks/train/attempt-2/log.txt",
    error={},
    iterations=None,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "lineage.sqlite"


def stored(path: Path, *tasks: TaskRecord, run: RunRecord = RUN) -> None:
    store = LineageStore(path)
    store.put_run(run)
    for task in tasks:
        store.put_task(task)
    store.close()


def test_records_come_back_as_they_were_after_reopening(path: Path) -> None:
    stored(path, TASK)
    store = LineageStore(path)
    assert store.run(RUN.id) == RUN and store.runs() == [RUN]
    assert store.task(RUN.id, TASK.path) == TASK and store.tasks(RUN.id) == [TASK]
    assert type(store.runs()[0].arguments["y"]) is float
    store.close()


def test_a_record_replaces_the_one_before(path: Path) -> None:
    stored(path, TASK, replace(TASK, state="FAILED", error={"code": "E410"}))
    store = LineageStore(path)
    (task,) = store.tasks(RUN.id)
    assert task.state == "FAILED" and store.finished_steps(RUN.id) == {}
    store.close()


def test_the_finished_steps_are_leaves_that_succeeded(path: Path) -> None:
    others = [replace(TASK, path=state, state=state) for state in ("RUNNING", "FAILED", "SKIPPED", "NOT_RUN")]
    stored(path, TASK, replace(TASK, path="group", kind="group"), *others)
    store = LineageStore(path)
    assert set(store.finished_steps(RUN.id)) == {TASK.path}
    store.close()


def test_runs_are_found_by_id_by_a_beginning_and_newest_first(path: Path) -> None:
    ids = ["20260101-000000-aaaaaa", "20260101-000000-aabbbb", "20260102-000000-cccccc"]
    store = LineageStore(path)
    for number, run_id in enumerate(ids):
        store.put_run(replace(RUN, id=run_id, created_at=float(number), pipeline="q" if number else "p"))
    assert [run.id for run in store.runs()] == ids[::-1] and [run.id for run in store.runs("q", limit=1)] == [ids[2]]
    assert store.run("20260102") is not None and store.run("20260101-000000-aaa") is not None
    assert store.run("20260101") is None, "ambiguous"
    assert store.run("2026010_") is None and store.run("%") is None and store.run("nothing") is None
    store.close()


def test_content_knows_its_producers(path: Path) -> None:
    stored(path, TASK)
    store = LineageStore(path)
    assert store.producers_of(TWO.digest) == [(RUN.id, TASK.path, "Output")] and store.producers_of(ONE.digest) == []
    store.put_task(replace(TASK, output_artifacts={"Output": ONE}))
    assert store.producers_of(TWO.digest) == [], "a step that ran again has made something else"
    store.forget_tasks(RUN.id, keep=())
    assert store.tasks(RUN.id) == [] and store.producers_of(ONE.digest) == []
    store.close()


def test_the_cache_remembers_and_forgets(path: Path) -> None:
    store = LineageStore(path)
    store.put_cache("key", TASK, 1.0)
    assert store.cached("key") == (TASK.outputs, TASK.output_artifacts) and store.cached("other") is None
    store.forget_cache("key")
    assert store.cached("key") is None
    store.close()


def test_nothing_is_visible_before_commit_and_nothing_of_it_stays_after_a_crash(path: Path) -> None:
    stored(path)
    writer, reader = LineageStore(path), LineageStore(path)
    writer.put_task(TASK)
    assert reader.tasks(RUN.id) == []
    writer._connection.close()  # what the system does when the process is killed
    assert reader.tasks(RUN.id) == []
    reader.close()


# Damage ----------------------------------------------------------------------------------------------------------


def test_a_newer_store_is_refused_and_left_alone(path: Path) -> None:
    stored(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=999")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        LineageStore(path)
    assert caught.value.code == "E422" and "999" in caught.value.got and caught.value.hint
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"this is no database at all, but long enough to be one\n" * 100, b"SQLite format 3\x00" * 40]
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        LineageStore(path)
    assert caught.value.code == "E421" and caught.value.where == str(path) and "move the file away" in caught.value.hint
    assert path.read_bytes() == content


def test_a_page_that_was_overwritten_is_an_error_of_ours(path: Path) -> None:
    stored(path, *[replace(TASK, path=f"task-{index}") for index in range(30)])
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(bytes(data))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with pytest.raises(StoreError) as caught:
        store = LineageStore(path)
        try:
            store.runs()
            store.tasks(RUN.id)
        finally:
            store._connection.close()
    assert caught.value.code == "E421" and caught.value.kind == "system"


def test_a_database_of_somebody_else_is_an_error_of_ours(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (name TEXT)")
    connection.execute("PRAGMA user_version=1")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError) as caught:
        store = LineageStore(path)
        try:
            store.runs()
        finally:
            store._connection.close()
    assert caught.value.code == "E421"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "lineage.sqlite", tmp_path):
        with pytest.raises(StoreError) as caught:
            LineageStore(place)
        assert caught.value.code == "E423" and caught.value.where == str(place)


def test_a_full_disk_is_an_error_of_ours(path: Path) -> None:
    stored(path)
    store = LineageStore(path)
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError) as caught:
        store.put_task(replace(TASK, outputs={"big": "x" * 1_000_000}))
        store.commit()
    assert caught.value.code == "E423" and "free some space" in caught.value.hint
    store._connection.close()


# Several processes -----------------------------------------------------------------------------------------------


def _open_and_write(path: str, start: Any, index: int) -> None:
    start.wait()
    for number in range(5):
        store = LineageStore(Path(path))
        store.put_run(replace(RUN, id=f"run-{index}-{number}"))
        store.put_task(replace(TASK, run_id=f"run-{index}-{number}"))
        store.close()


def test_many_processes_make_and_fill_one_new_store(path: Path) -> None:
    context = multiprocessing.get_context("fork")
    start = context.Event()
    workers = [context.Process(target=_open_and_write, args=(str(path), start, index)) for index in range(8)]
    for worker in workers:
        worker.start()
    start.set()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 8
    store = LineageStore(path)
    assert len(store.runs(limit=100)) == 40
    store.close()


def _write_pairs(path: str, stop: Any) -> None:
    store = LineageStore(Path(path))
    number = 0
    while not stop.is_set():
        number += 1
        store.put_task(replace(TASK, path="left", attempts=number))
        store.put_task(replace(TASK, path="right", attempts=number))
        store.commit()
    store.close()


def test_readers_see_whole_commits_while_somebody_writes(path: Path) -> None:
    stored(path, replace(TASK, path="left", attempts=0), replace(TASK, path="right", attempts=0))
    context = multiprocessing.get_context("fork")
    stop = context.Event()
    writer = context.Process(target=_write_pairs, args=(str(path), stop))
    writer.start()
    store = LineageStore(path)
    seen = set()
    while len(seen) < 20:
        left, right = store.tasks(RUN.id)
        assert left.attempts == right.attempts
        seen.add(left.attempts)
    stop.set()
    writer.join(30)
    store.close()
    assert writer.exitcode == 0
