"""The file of schedules: damaged, of another version, shared by many."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from milonga.backends.local.records.database import ScheduleDatabase
from milonga.errors import StoreError

ADD_MANY = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from schedule_desk import Desk
from travelling_clock import TravellingClock
desk = Desk(Path(sys.argv[2]), TravellingClock("2026-05-01T00:00:00"))
for number in range(20):
    desk.add("0 6 * * *", name=f"schedule {number}")
"""


def code_of(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        ScheduleDatabase(path)
    return caught.value.code


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "schedules.sqlite"
    path.write_bytes(b"garbage " * 500)
    assert code_of(path) == "E473"


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "schedules.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    before = path.read_bytes()
    assert code_of(path) == "E474" and path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert code_of(tmp_path / "file" / "schedules.sqlite") == "E475"


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    with ScheduleDatabase(tmp_path / "schedules.sqlite") as database:
        with pytest.raises(ZeroDivisionError), database.transaction():
            database.execute("INSERT INTO pipelines VALUES ('a', 'b')")
            raise ZeroDivisionError
        assert database.rows("SELECT * FROM pipelines") == []


def test_a_row_that_is_gone_is_no_damage_but_a_table_is(tmp_path: Path) -> None:
    with ScheduleDatabase(tmp_path / "schedules.sqlite") as database:
        database.execute("DROP TABLE firings")
        with pytest.raises(StoreError) as caught:
            database.rows("SELECT * FROM firings")
        assert caught.value.code == "E473"


def test_many_that_add_the_same_names_at_once_make_one_of_each(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ADD_MANY, str(Path(__file__).parent), str(tmp_path)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=120)[1] for process in processes] == [""] * 3
    with ScheduleDatabase(tmp_path / "home" / "schedules.sqlite") as database:
        assert database.rows("SELECT COUNT(*), COUNT(DISTINCT name), COUNT(DISTINCT id) FROM schedules") == [
            (20, 20, 20)
        ]
