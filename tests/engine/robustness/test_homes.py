"""State folders of all kinds: read-only, somebody else's, with names that no shell would like."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from engine_bench import Bench

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


NOBODY = 65534
"""A user who owns nothing here."""
ODD = [
    "with space",
    'it\'s "quoted"',
    "new\nline",
    "{braces} %s $HOME `id`",
    "100%",
    "a?b#c&d=e",
    "ñandú 探戈",
    "-rf",
]


@pytest.mark.parametrize("name", ODD)
def test_a_state_folder_of_any_name(bench: Bench, name: str) -> None:
    bench.home = bench.folder / name
    ended = bench.run()
    assert (ended.code, ended.result["outputs"]) == (0, {"Output": 1001}), ended.err
    again = bench.run()
    assert again.code == 0 and len(bench.lines()) == 3, "a hit needs the paths that were recorded"
    assert bench.resume().code == 0 and len(bench.lines()) == 3
    run_id = again.result["run_id"]
    assert bench.verb("runs").code == bench.verb("show", run_id).code == 0


def test_a_state_folder_whose_name_is_no_text_is_refused(bench: Bench) -> None:
    bench.home = bench.folder / os.fsdecode(b"caf\xff")
    ended = bench.run()
    assert (ended.code, ended.error["code"]) == (1, "E423") and "no UTF-8" in ended.error["message"]
    assert not bench.home.exists()


@pytest.fixture
def read_only(bench: Bench, mount) -> Bench:
    """A state folder that was written once, on a file system that cannot be written now."""
    mount(bench.home, "size=20m")
    bench.run()
    subprocess.run(["mount", "-o", "remount,ro", str(bench.home)], check=True)
    return bench


def test_a_read_only_state_folder_is_refused_for_a_run(read_only: Bench) -> None:
    before = sorted(path for path in read_only.home.rglob("*"))
    for ended in (read_only.run(), read_only.resume()):
        assert (ended.code, ended.error["code"]) == (1, "E423"), ended.err
    assert sorted(path for path in read_only.home.rglob("*")) == before and len(read_only.lines()) == 3


def test_a_read_only_state_folder_that_is_empty(bench: Bench, mount) -> None:
    mount(bench.home, "size=1m,ro")
    ended = bench.run()
    assert (ended.code, ended.error["code"]) == (1, "E423")


def _can_run_python(user: int) -> bool:
    """Whether that user may run this interpreter: one under /root or in a home of mode 0700 is out of reach."""
    with contextlib.suppress(PermissionError):
        return subprocess.run([sys.executable, "-c", "import milonga"], user=user, check=False).returncode == 0
    return False


@pytest.fixture
def somebody_elses(bench: Bench, tmp_path: Path) -> Bench:
    """Engines run as a user to whom the pipeline's folder belongs, and the state folder does not."""
    if os.geteuid() != 0:
        pytest.skip("only root can start an engine as another user")
    if not _can_run_python(NOBODY):
        pytest.skip(f"{sys.executable} lies where no other user may run it")
    folder = tmp_path
    while folder != folder.parent:
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
        folder = folder.parent
    bench.run()
    place = tmp_path / "theirs"
    place.mkdir()
    os.chown(place, NOBODY, NOBODY)
    return Bench(place, bench.home, user=NOBODY)


def test_somebody_elses_state_folder_is_refused(somebody_elses: Bench) -> None:
    for ended in (somebody_elses.run(), somebody_elses.resume()):
        assert (ended.code, ended.error["code"]) == (1, "E423"), ended.err
        assert str(somebody_elses.home) in ended.error["where"]
    assert not somebody_elses.lines()


def test_a_folder_in_which_another_user_may_write_but_whose_content_is_not_his(somebody_elses: Bench) -> None:
    """A store that a team shares by its group: what one has made, another one reads."""
    for path in (somebody_elses.home, *somebody_elses.home.rglob("*")):
        path.chmod(
            path.stat().st_mode
            | (0o777 if path.is_dir() else 0o666 if "sqlite" in path.name or "lock" in path.name else 0o444)
        )
    ended = somebody_elses.run()
    assert ended.code == 0, ended.err


def test_a_file_where_the_state_folder_should_be(bench: Bench) -> None:
    bench.home.write_text("not a folder")
    ended = bench.run()
    assert (ended.code, ended.error["code"]) == (1, "E423") and bench.home.read_text() == "not a folder"


@pytest.mark.parametrize("part", ["runs", "store", "store.lock"])
def test_something_else_where_a_part_of_it_should_be(bench: Bench, part: str) -> None:
    bench.home.mkdir()
    if part == "store.lock":
        (bench.home / part).mkdir()
    else:
        (bench.home / part).write_text("not a folder")
    ended = bench.run()
    assert ended.code == 1 and ended.error["code"] in ("E423", "E424"), ended.err
    (bench.home / part).rmdir() if part == "store.lock" else (bench.home / part).unlink()
    assert bench.run().code == 0
