"""The lineage store gives back what it was given, to several processes at once, and says so when it cannot."""

from __future__ import annotations

import multiprocessing
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from milonga.errors import StoreError
from milonga.lineage import ArtifactRecord, AttemptRecord, LineageStore, RunRecord, TaskRecord
from milonga.lineage.records import CacheEntry

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
    wall_s=0.5,
    identity="i" * 64,
    cache_state="hit",
    origin="20250101-000000-aaaaaa/train",
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


ENTRY = CacheEntry("key", RUN.id, TASK.path, TASK.outputs, TASK.output_artifacts, 1.0, 1.0)


def test_the_cache_remembers_and_forgets(path: Path) -> None:
    store = LineageStore(path)
    store.cache.put(ENTRY, [TWO])
    assert store.cache.entry("key") == ENTRY and store.cache.entry("other") is None
    store.cache.add_hits({"key": 2, "gone": 1}, 5.0)
    assert store.cache.entry("key") == replace(ENTRY, hits=2, used_at=5.0)
    assert [content.used_at for content in store.cache.contents()] == [5.0]
    store.cache.forget(["key"])
    assert store.cache.entry("key") is None and [content.entries for content in store.cache.contents()] == [0]
    store.close()


def test_an_entry_of_the_same_key_replaces_the_one_before(path: Path) -> None:
    store = LineageStore(path)
    store.cache.put(ENTRY, [TWO])
    store.cache.put(replace(ENTRY, outputs={}, output_artifacts={"a": ONE}, created_at=2.0), [ONE])
    assert {content.digest: content.entries for content in store.cache.contents()} == {TWO.digest: 0, ONE.digest: 1}
    store.cache.forget_contents([ONE.digest])
    assert store.cache.all_keys() == [] and [content.digest for content in store.cache.contents()] == [TWO.digest]
    store.close()


def test_attempts_are_kept_beside_each_other(path: Path) -> None:
    failed = AttemptRecord(RUN.id, TASK.path, 1, "FAILED", 1.0, 2.0, 0.9, 0.5, 7, -9, {"code": "E415"}, "a/log.txt")
    running = AttemptRecord(RUN.id, TASK.path, 2, "RUNNING", 3.0)
    other = AttemptRecord(RUN.id, "another", 1, "SUCCEEDED", exit=0)
    store = LineageStore(path)
    for attempt in (running, failed, other):
        store.put_attempt(attempt)
    assert store.attempts(RUN.id, TASK.path) == [failed, running] and store.attempts(RUN.id, "none") == []
    assert store.attempts(RUN.id) == [other, failed, running]
    store.put_attempt(replace(running, state="SUCCEEDED", exit=0))
    assert [attempt.state for attempt in store.attempts(RUN.id, TASK.path)] == ["FAILED", "SUCCEEDED"]
    store.put_task(TASK)
    store.forget_tasks(RUN.id, keep=())
    assert store.attempts(RUN.id, TASK.path) == []
    store.close()


def test_the_parts_of_an_identity_come_back(path: Path) -> None:
    store = LineageStore(path)
    for _ in range(2):
        store.put_identity("digest", {"code": "c", "variable 'A'": "ñ\ud800"})
    assert store.identity_parts("digest") == {"code": "c", "variable 'A'": "ñ\ud800"}
    assert store.identity_parts("other") == {}
    store.close()


def test_earlier_steps_of_a_component_are_found_newest_first(path: Path) -> None:
    stored(path, *(replace(TASK, path=f"t{end}", ended_at=float(end), key=f"k{end % 2}") for end in range(6)))
    store = LineageStore(path)
    store.put_task(replace(TASK, path="t5b", ended_at=5.0, state="FAILED"))

    def found(**which: Any) -> list[str]:
        return [step.path for step in store.steps_of(TASK.component, limit=3, **which)]

    assert found(before=4.0) == ["t4", "t3", "t2"] and found(before=0.0) == ["t0"] and found(before=-1.0) == []
    assert found(before=4.0, key="k1") == ["t3", "t1"] and found(before=9.0, path="t1") == ["t1"]
    assert found(before=9.0, state="FAILED") == ["t5b"]
    store.close()


def test_the_uses_of_a_component_are_one_family(path: Path) -> None:
    names = ["comp-a*[x", "comp-a*[x-2", "comp-a*[x-30", "comp-a*[x-y", "comp-ab[x-2", "comp-a"]
    stored(path, *(replace(TASK, path=name, component=name, ended_at=float(at)) for at, name in enumerate(names)))
    store = LineageStore(path)
    for name in names[:3]:
        assert [step.path for step in store.steps_of(name, before=9.0, limit=9)] == names[2::-1]
    store.close()


def test_looking_for_one_component_reads_no_others(path: Path) -> None:
    stored(path)
    connection = sqlite3.connect(path)
    seen: list[str] = []
    store = LineageStore(path)
    store.database._connection.set_trace_callback(seen.append)
    store.steps_of("comp-train", before=1.0)
    store.close()
    plan = connection.execute(f"EXPLAIN QUERY PLAN {seen[0]}").fetchall()
    connection.close()
    assert not [row[3] for row in plan if "SCAN tasks" in row[3]], plan


def test_nothing_is_visible_before_commit_and_nothing_of_it_stays_after_a_crash(path: Path) -> None:
    stored(path)
    writer, reader = LineageStore(path), LineageStore(path)
    writer.put_task(TASK)
    assert reader.tasks(RUN.id) == []
    writer.database._connection.close()  # what the system does when the process is killed
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
            store.database._connection.close()
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
            store.database._connection.close()
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
    pages = store.database._connection.execute("PRAGMA page_count").fetchone()[0]
    store.database._connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError) as caught:
        store.put_task(replace(TASK, outputs={"big": "x" * 1_000_000}))
        store.commit()
    assert caught.value.code == "E423" and "free some space" in caught.value.hint
    store.database._connection.close()


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
