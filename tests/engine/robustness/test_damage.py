"""A store of runs that was damaged, a folder that somebody cleaned up: a clear message, and what can go on goes on."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from engine_bench import Bench, wait_for

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


def overwrite_start(database: Path) -> None:
    with database.open("r+b") as stream:
        stream.write(os.urandom(4096))


def overwrite_middle(database: Path) -> None:
    size = database.stat().st_size
    with database.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xff" * (size - 4096))


def cut_short(database: Path) -> None:
    os.truncate(database, 5000)


def replace_by_text(database: Path) -> None:
    database.write_text("this is my shopping list, and no database, however long it may become " * 20)


def drop_a_table(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("DROP TABLE tasks")
    connection.commit()
    connection.close()


def make_it_a_folder(database: Path) -> None:
    database.unlink()
    database.mkdir()


@pytest.mark.parametrize("damage", [overwrite_start, overwrite_middle, cut_short, replace_by_text, make_it_a_folder])
def test_a_damaged_store_of_runs_is_named_and_not_touched(bench: Bench, damage) -> None:
    bench.run()
    database = bench.home / "lineage.sqlite"
    _join_log(database)
    damage(database)
    before = database.read_bytes() if database.is_file() else b""
    for ended in (bench.run(), bench.resume(), bench.verb("runs")):
        assert ended.code == 1 and ended.error["code"] in ("E421", "E423"), ended.err
        assert ended.error["where"] == str(database)
    assert (database.read_bytes() if database.is_file() else b"") == before
    shutil.rmtree(database) if database.is_dir() else database.unlink()
    for left in bench.home.glob("lineage.sqlite-*"):
        left.unlink()
    again = bench.run()
    assert again.code == 0 and len(list((bench.home / "runs").iterdir())) >= 2, "a new store beside the old runs"


def test_a_store_of_runs_without_a_table_is_named(bench: Bench) -> None:
    bench.run()
    drop_a_table(bench.home / "lineage.sqlite")
    for ended in (bench.run(), bench.resume()):
        assert (ended.code, ended.error["code"]) == (1, "E421"), ended.err


def _join_log(database: Path) -> None:
    """Have everything in the file itself, and no log beside it."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def test_a_write_ahead_log_that_was_removed_costs_its_rows_only(bench: Bench, tmp_path: Path) -> None:
    """As by a careless copy: the runs in it are gone, the file is sound."""
    bench.run()
    engine = bench.start_run(size=7, script=_waiting(tmp_path))
    wait_for(tmp_path / "there")
    engine.kill()
    engine.communicate(timeout=60)
    assert bench.all_gone()
    for left in bench.home.glob("lineage.sqlite-*"):
        left.unlink()
    (tmp_path / "gate").touch()
    assert bench.verb("runs").code == 0
    again = bench.run(size=7)
    assert (again.code, again.result["outputs"]) == (0, {"Output": 8})


def _waiting(tmp_path: Path) -> str:
    return f"""
import time
open({str(tmp_path / "there")!r}, "w").write("here")
while not os.path.exists({str(tmp_path / "gate")!r}): time.sleep(0.01)
"""


def test_the_folder_of_an_attempt_that_is_removed_under_it(bench: Bench, tmp_path: Path) -> None:
    engine = bench.start_run(script=_waiting(tmp_path))
    wait_for(tmp_path / "there")
    (run,) = (bench.home / "runs").iterdir()
    shutil.rmtree(run / "tasks" / "act")
    (tmp_path / "gate").touch()
    ended = bench.end(engine)
    assert ended.code == 1 and ended.error["task"] == "act"
    again = bench.resume()
    assert (again.code, again.result["outputs"]) == (0, {"Output": 1001}), again.err
    assert bench.lines().count("make") == 1


def test_the_folder_of_a_run_that_is_removed_under_it(bench: Bench, tmp_path: Path) -> None:
    engine = bench.start_run(script=_waiting(tmp_path))
    wait_for(tmp_path / "there")
    (run,) = (bench.home / "runs").iterdir()
    shutil.rmtree(run)
    (tmp_path / "gate").touch()
    assert bench.end(engine).code == 1
    again = bench.resume()
    assert (again.code, again.result["outputs"]) == (0, {"Output": 1001}), again.err
    assert bench.lines().count("make") == 1, "the artifacts are in the store, not in the folder"


def test_the_folder_of_a_run_that_is_removed_before_it_is_resumed(bench: Bench, tmp_path: Path) -> None:
    first = bench.run(script=f"assert os.path.exists({str(tmp_path / 'gate')!r})")
    (run,) = (bench.home / "runs").iterdir()
    shutil.rmtree(run)
    (tmp_path / "gate").touch()
    alone = bench.end(bench.start("run", "--resume", first.result["run_id"]))
    assert (alone.code, alone.error["code"]) == (1, "E467") and "flow.py:p --resume" in alone.error["hint"]
    again = bench.resume()
    assert (again.code, again.result["outputs"]) == (0, {"Output": 1001}), again.err
    assert bench.lines().count("make") == 1
    assert bench.verb("show", first.result["run_id"]).code == 0


@pytest.mark.parametrize("text", [b"", b"\x00" * 500, b"pipelineInfo: [", b"- 1\n"])
def test_a_half_written_pipeline_of_a_run(bench: Bench, tmp_path: Path, text: bytes) -> None:
    """What a loss of power may leave of a new file."""
    first = bench.run(script=f"assert os.path.exists({str(tmp_path / 'gate')!r})")
    (run,) = (bench.home / "runs").iterdir()
    (run / "pipeline.yaml").write_bytes(text)
    (tmp_path / "gate").touch()
    alone = bench.end(bench.start("run", "--resume", first.result["run_id"]))
    assert (alone.code, alone.error["code"]) == (1, "E467")
    assert bench.resume().code == 0
    assert (run / "pipeline.yaml").read_bytes() != text
