"""What is written down about each question to the cache, and what a limit does at the end of a run."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from milonga import Dataset, component, pipeline
from milonga.engine.home import Home
from milonga.engine.progress import LineProgress
from milonga.lineage import LineageStore, TaskRecord


@component
def make(text: str) -> Dataset:
    made = Dataset.create()
    (made.path / "data.txt").write_text(text)
    return made


@component
def text_of(data: Dataset) -> str:
    return (data.path / "data.txt").read_text()


@pipeline
def job(text: str = "x") -> str:
    return text_of(make(text))


@pipeline
def uncached(text: str = "x") -> str:
    return text_of(make.options(cache=False)(text))


@pipeline
def many() -> None:
    for index in range(20):
        make(f"{index:04d}" * 25)


def state_of(result, path: str = "make") -> str:
    task: TaskRecord = result.tasks[path]
    document = json.loads(json.dumps(result.to_json()))["tasks"][path]
    assert (document["cache"], document["origin"]) == (task.cache_state, task.origin)
    assert task.cached == (task.cache_state == "hit")
    return task.cache_state


def test_a_hit_names_the_task_that_made_the_outputs(play) -> None:
    first = play(job).raise_for_state()
    assert state_of(first) == "miss" and first.tasks["make"].origin == ""
    for _ in range(2):
        again = play(job).raise_for_state()
        assert state_of(again) == "hit" and again.tasks["make"].origin == f"{first.run_id}/make"


def test_what_is_switched_off_is_told_from_what_is_ignored(play) -> None:
    assert state_of(play(uncached)) == "off" and state_of(play(job, cache=False)) == "ignored"


def test_a_task_whose_cache_is_off_is_not_remembered(play, home: Path) -> None:
    play(uncached).raise_for_state()
    assert state_of(play(job)) == "miss"
    store = LineageStore(Home(home).database)
    assert len(store.cache.contents()) == 1 and len(store.cache.all_keys()) == 2, "its content is counted all the same"
    store.close()


def test_a_result_expires(play, home: Path) -> None:
    first = play(job).raise_for_state()
    assert state_of(play(job, cache_max_age="1h")) == "hit"
    time.sleep(0.05)
    old = play(job, cache_max_age="0.01s").raise_for_state()
    assert state_of(old) == "expired" and old.tasks["make"].origin == f"{first.run_id}/make"
    assert play(job).tasks["make"].origin == f"{old.run_id}/make", "the new result has taken its place"


def test_a_result_from_the_future_of_a_clock_that_jumped_is_not_old(play, home: Path) -> None:
    play(job).raise_for_state()
    connection = sqlite3.connect(Home(home).database)
    connection.execute("UPDATE cache SET created_at = created_at + 1e9")
    connection.commit()
    connection.close()
    assert state_of(play(job, cache_max_age="1h")) == "hit"


def test_damage_is_written_down(play) -> None:
    first = play(job).raise_for_state()
    shutil.rmtree(Path(first.tasks["make"].output_artifacts["Output"].uri))
    assert state_of(play(job)) == "damaged" and state_of(play(job)) == "hit"


def test_the_parts_of_a_key_are_kept_once(play, home: Path) -> None:
    play(many).raise_for_state()
    play(many).raise_for_state()
    store = LineageStore(Home(home).database)
    (count,) = store.database.rows("SELECT count(*) FROM identities")[0]
    (task, *_) = store.tasks(store.runs()[0].id)
    parts = store.identity_parts(task.identity)
    store.close()
    assert count == 1 and set(parts) == {"code", "environment", "declared outputs"}


def test_hits_are_counted_over_runs(play, home: Path) -> None:
    for _ in range(3):
        play(job).raise_for_state()
    store = LineageStore(Home(home).database)
    assert sorted((use.entries, use.hits) for use in store.cache.uses()) == [(1, 2), (1, 2)]
    store.close()


def test_a_run_leaves_no_more_than_the_limit(play, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(many, cache_max_size="1000", progress=LineProgress())
    assert "evicted" in capsys.readouterr().err
    store = LineageStore(Home(home).database)
    assert store.cache.contents_bytes() == 1000 == sum(f.stat().st_size for f in (home / "store").rglob("data.txt"))
    store.close()
    again = play(many, cache_max_size="2kB").raise_for_state()
    assert sum(task.cached for task in again.tasks.values()) == 10


def test_the_limit_may_come_from_the_environment(play, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILONGA_CACHE_MAX_BYTES", "0")
    play(job).raise_for_state()
    assert not list((home / "store").rglob("data.txt")) and state_of(play(job)) == "miss"


@pipeline
def keeps() -> Dataset:
    return make("kept" * 100)


def test_a_limit_that_cannot_be_kept_is_said(play, capsys: pytest.CaptureFixture[str]) -> None:
    result = play(keeps, cache_max_size="10", progress=LineProgress()).raise_for_state()
    assert "390 B over its limit" in capsys.readouterr().err
    assert (Path(result.outputs["Output"].uri) / "data.txt").read_text() == "kept" * 100


def test_a_store_that_nobody_can_evict_from_is_no_failed_run(
    play, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from milonga.engine.cache.store_lock import StoreLock

    other = StoreLock(Home(home))
    other.hold()
    result = play(many, cache_max_size="10", progress=LineProgress()).raise_for_state()
    other.close()
    assert "without a pause" in capsys.readouterr().err and result.succeeded


def test_a_thousand_tasks_are_taken_from_the_cache(play) -> None:
    import milonga as ml

    @component
    def number(value: int) -> int:
        return value

    @pipeline
    def loop() -> None:
        with ml.ParallelFor(list(range(1000))) as value:
            number(value)

    play(loop, mode="in-process").raise_for_state()
    again = play(loop, mode="in-process").raise_for_state()
    assert sum(task.cached for task in again.tasks.values()) == 1000
