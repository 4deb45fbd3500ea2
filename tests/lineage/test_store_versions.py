"""A file of an earlier version opens as one of this, whole, however many open it at once; a damaged one says so."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from milonga.errors import StoreError
from milonga.lineage import ArtifactRecord, LineageStore, RunRecord, TaskRecord
from milonga.lineage.schema import STEPS, VERSION

DIGEST = "ab" * 32
STORED = {"name": "m", "type": "system.Model", "uri": f"/h/store/ab/{DIGEST[2:]}/m", "digest": DIGEST, "size_bytes": 7}
ELSEWHERE = {"name": "n", "type": "system.Model", "uri": "/author/file", "digest": "cd" * 32, "size_bytes": 9}


def write_first_version(path: Path) -> None:
    """What milonga 0.2 has written: two tasks, one of them cached, and two entries of the cache."""
    connection = sqlite3.connect(path)
    STEPS[0](connection)
    connection.execute("PRAGMA user_version=1")
    connection.execute(
        "INSERT INTO runs VALUES ('20260101-000000-aaaaaa', 'p', 'd', 'SUCCEEDED', 1, 2, '{}', '{}', '{}', 's', '{}')"
    )
    task = "INSERT INTO tasks VALUES ('20260101-000000-aaaaaa', ?, 'SUCCEEDED', 'step', 'c', 1, ?, 'k', ?, ?, 0.5, 9, "
    task += "'{\"x\":1}', '{}', '{}', '{}', 'log', '{}', NULL)"
    connection.execute(task, ("one", 0, 10.0, 12.5))
    connection.execute(task, ("two", 1, None, None))
    for key, records in (("k1", {"m": [{**STORED, "metadata": {}}]}), ("k2", {"n": {**ELSEWHERE, "metadata": {}}})):
        row = (key, "20260101-000000-aaaaaa", "one", "{}", json.dumps(records), 5.0, 6.0)
        connection.execute("INSERT INTO cache VALUES (?,?,?,?,?,?,?)", row)
    connection.commit()
    connection.close()


def tables_of(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    return found


def test_a_file_of_the_first_version_keeps_all_that_it_had(tmp_path: Path) -> None:
    path = tmp_path / "lineage.sqlite"
    write_first_version(path)
    store = LineageStore(path)
    assert store.runs() == [
        RunRecord("20260101-000000-aaaaaa", "p", "d", "SUCCEEDED", 1.0, 2.0, source="s", arguments={}, error={})
    ]
    one, two = store.tasks("20260101-000000-aaaaaa")
    assert (one.path, one.wall_s, one.inputs, one.cache_state, one.identity) == ("one", 2.5, {"x": 1}, "", "")
    assert (two.path, two.wall_s, two.cached, two.cache_state, two.origin) == ("two", 0.0, True, "hit", "")
    entry = store.cache.entry("k1")
    assert entry is not None and entry.hits == 0 and entry.used_at == 6.0
    assert entry.output_artifacts == {"m": (ArtifactRecord("m", "system.Model", STORED["uri"], DIGEST, 7),)}
    assert [(content.digest, content.size_bytes, content.entries) for content in store.cache.contents()] == [
        (DIGEST, 7, 1)
    ], "what lies elsewhere is not the store's to count"
    store.close()


def test_an_old_file_ends_with_the_tables_of_a_new_one(tmp_path: Path) -> None:
    write_first_version(tmp_path / "old.sqlite")
    for name in ("old.sqlite", "new.sqlite"):
        LineageStore(tmp_path / name).close()
    assert tables_of(tmp_path / "old.sqlite") == tables_of(tmp_path / "new.sqlite")


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "lineage.sqlite"
    write_first_version(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE cache SET output_artifacts = '{broken'")
    connection.commit()
    before = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    with pytest.raises(StoreError) as caught:
        LineageStore(path)
    assert caught.value.code == "E421" and caught.value.where == str(path)
    assert connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall() == before
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


def test_a_first_version_with_other_tables_is_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "lineage.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE tasks (name TEXT)")
    connection.execute("PRAGMA user_version=1")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError) as caught:
        LineageStore(path)
    assert caught.value.code == "E421"


def _open(path: str, start: Any, index: int) -> None:
    start.wait()
    store = LineageStore(Path(path))
    store.put_task(TaskRecord(f"run-{index}", "t", "SUCCEEDED", wall_s=index))
    store.close()


@pytest.mark.parametrize("version", [0, 1])
def test_many_processes_upgrade_one_file_at_once(tmp_path: Path, version: int) -> None:
    path = tmp_path / "lineage.sqlite"
    if version:
        write_first_version(path)
    context = multiprocessing.get_context("fork")
    start = context.Event()
    openers = [context.Process(target=_open, args=(str(path), start, index)) for index in range(8)]
    for opener in openers:
        opener.start()
    start.set()
    for opener in openers:
        opener.join(60)
    assert [opener.exitcode for opener in openers] == [0] * 8
    assert tables_of(path)
    store = LineageStore(path)
    assert [store.task(f"run-{index}", "t").wall_s for index in range(8)] == [float(index) for index in range(8)]
    store.close()


def test_a_file_of_a_newer_version_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "lineage.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version={VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        LineageStore(path)
    assert caught.value.code == "E422" and caught.value.expected == f"at most {VERSION}"
    assert path.read_bytes() == before and [item.name for item in tmp_path.iterdir()] == ["lineage.sqlite"]
