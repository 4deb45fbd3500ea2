"""A lock says whether somebody works on a run, and goes with its process."""

from __future__ import annotations

import fcntl
from pathlib import Path

from milonga.engine.run_lock import is_held, is_locked, locked


def test_a_run_is_held_as_long_as_somebody_works_on_it(tmp_path: Path) -> None:
    assert not is_held(tmp_path), "there is no file"
    with locked(tmp_path):
        assert is_held(tmp_path) and is_held(tmp_path), "who asks does not count"
    assert not is_held(tmp_path)


def test_a_shared_lock_counts_for_those_who_ask_for_it(tmp_path: Path) -> None:
    file = tmp_path / "presence"
    assert not is_locked(file, also_shared=True)
    with file.open("a+") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        assert is_locked(file, also_shared=True) and not is_locked(file)
    assert not is_locked(file, also_shared=True)
