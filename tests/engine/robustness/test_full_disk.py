"""A disk that is full: at the start, under a task, under the engine. When there is room again, the run goes on."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from engine_bench import Bench

from milonga.engine.content import ContentStore
from milonga.errors import StoreError


@pytest.fixture
def small(bench: Bench, mount) -> Bench:
    """A bench whose state folder is a file system of 6 MB."""
    mount(bench.home, "size=6m")
    return bench


def fill(folder: Path, leave: int = 0) -> Path:
    """Take all space of the file system that `folder` is on, but `leave` bytes."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"\0" * 65536)
        except OSError as error:
            assert error.errno == errno.ENOSPC
        stream.truncate(max(0, stream.tell() - leave))
    return ballast


def test_a_run_that_cannot_be_recorded_does_not_start(small: Bench) -> None:
    fill(small.home)
    ended = small.run()
    assert (ended.code, ended.error["code"]) == (1, "E423") and "full" in ended.error["message"]
    assert not small.lines() and not list((small.home / "runs").glob("*/*"))


@pytest.mark.slow
def test_a_run_whose_folder_has_no_room_leaves_nothing_behind(small: Bench) -> None:
    """There is room for the store of runs, and none for the pipeline's own file."""
    small.run().result["run_id"]
    ballast = fill(small.home, leave=8192)
    before = sorted((small.home / "runs").iterdir())
    ended = small.run()
    assert (ended.code, ended.error["code"]) == (1, "E423")
    ballast.unlink()
    assert sorted((small.home / "runs").iterdir()) == before


@pytest.mark.slow
def test_an_output_for_which_there_is_no_room_fails_its_task_and_resume_goes_on(small: Bench, tmp_path: Path) -> None:
    ballast = fill(small.home, leave=3_000_000)
    disk_is_small = tmp_path / "small"
    disk_is_small.touch()
    script = f"if os.path.exists({str(disk_is_small)!r}): made.path.write_bytes(b'x' * 9_000_000)"
    ended = small.run(size=1_000_000, script=script)
    run, tasks = small.rows()
    assert (ended.code, run.state) == (1, "FAILED") and "No space left" in run.error["message"]
    assert [tasks[name].state for name in ("make", "act", "weigh")] == ["SUCCEEDED", "FAILED", "NOT_RUN"]
    assert tasks["act"].error["code"] in ("E410", "E423")
    ballast.unlink()
    disk_is_small.unlink()
    again = small.end(small.start("run", "--resume", run.id))
    assert (again.code, again.result["outputs"]) == (0, {"Output": 1_000_001}), again.err
    assert sorted(small.lines()) == ["act", "make", "weigh"]


@pytest.mark.slow
def test_a_disk_that_fills_up_under_the_engine_stops_the_run_and_resume_ends_it(small: Bench, tmp_path: Path) -> None:
    """A task takes all space there is: neither its result nor its row can be written."""
    full = tmp_path / "full"
    script = f"""
if not os.path.exists({str(full)!r}):
    open({str(full)!r}, "w").close()
    with open({str(small.home / "ballast")!r}, "wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 4096)
        except OSError:
            pass
"""
    ended = small.run(script=script)
    assert ended.code == 1 and ended.error["code"] == "E423" and "resume" in ended.error["hint"]
    (small.home / "ballast").unlink()
    again = small.resume()
    assert (again.code, again.result["outputs"]) == (0, {"Output": 1001}), again.err
    assert small.lines().count("make") == small.lines().count("weigh") == 1


def test_a_report_for_which_there_is_no_room_does_not_fail_the_run(bench: Bench) -> None:
    script = "next((data.path.parents[3] / 'runs').glob('*')).joinpath('report.html').mkdir()"
    ended = bench.run(script=script)
    assert (ended.code, ended.result["state"]) == (0, "SUCCEEDED") and "E426" in ended.err


def test_content_that_does_not_fit_into_the_store_stays_where_it_is(tmp_path: Path, mount) -> None:
    """The store is on another disk than the runs, and full: nothing of a copy stays there."""
    mount(tmp_path / "store", "size=1m")
    made = tmp_path / "made"
    made.mkdir()
    for part in range(4):
        (made / f"{part}.bin").write_bytes(bytes([part]) * 500_000)
    with pytest.raises(StoreError) as caught:
        ContentStore(tmp_path / "store").take(made, "data")
    assert caught.value.code == "E424" and "free some space" in caught.value.hint
    assert len(list(made.iterdir())) == 4 and not made.is_symlink()
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    for part in (2, 3):
        (made / f"{part}.bin").unlink()
    kept, content = ContentStore(tmp_path / "store").take(made, "data")
    assert kept.is_dir() and made.is_symlink() and content.size_bytes == 1_000_000


def test_a_store_on_another_disk_takes_content_whole(tmp_path: Path, mount) -> None:
    mount(tmp_path / "store", "size=4m")
    made = tmp_path / "made.bin"
    made.write_bytes(b"m" * 100_000)
    kept, _ = ContentStore(tmp_path / "store").take(made, "data")
    assert made.read_bytes() == kept.read_bytes() == b"m" * 100_000 and not list(kept.parent.glob(".*"))
