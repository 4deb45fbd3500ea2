"""A stamp changes with every write, and is believed only when it has settled."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from milonga.engine.cache.content_check import ContentCheck
from milonga.engine.cache.stamps import stamp_of
from milonga.engine.content import digest_path
from milonga.lineage import ArtifactRecord


def rewrite_quietly(file: Path) -> None:
    """Other bytes of the same number, and the old times put back."""
    before = file.stat()
    file.write_text("abd")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace_quietly(file: Path) -> None:
    before = file.stat()
    other = file.with_name("other")
    other.write_text("abd")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(file)


WRITES: dict[str, Callable[[Path], object]] = {
    "rewritten": rewrite_quietly,
    "replaced": replace_quietly,
    "cut short": lambda file: os.truncate(file, 1),
    "made executable": lambda file: file.chmod(0o755),
    "renamed": lambda file: file.rename(file.with_name("renamed")),
    "removed": lambda file: file.unlink(),
    "a file beside it": lambda file: (file.parent / "more").write_text(""),
    "a folder beside it": lambda file: (file.parent / "empty").mkdir(),
    "a link in its place": lambda file: (file.unlink(), file.symlink_to("nowhere")),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_every_write_changes_the_stamp_of_a_folder(tmp_path: Path, write: Callable[[Path], object]) -> None:
    file = tmp_path / "data" / "deep" / "file.txt"
    file.parent.mkdir(parents=True)
    file.write_text("abc")
    before = stamp_of(tmp_path / "data")
    assert stamp_of(tmp_path / "data") == before
    time.sleep(0.02)  # longer than a tick of the file system's clock
    write(file)
    assert stamp_of(tmp_path / "data").text != before.text


def test_a_quiet_write_changes_the_stamp_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text("abc")
    before = stamp_of(file)
    time.sleep(0.02)
    rewrite_quietly(file)
    assert stamp_of(file).text != before.text


def test_a_stamp_of_what_was_written_a_moment_ago_is_not_believed(tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text("abc")
    stamp = stamp_of(file)
    assert not stamp.is_settled(time.time_ns())
    assert not stamp.is_settled(stamp.changed_ns - 10**18), "a clock that was set back"
    assert stamp.is_settled(time.time_ns() + 3 * 10**9)


def test_a_folder_without_anything_has_a_stamp(tmp_path: Path) -> None:
    assert stamp_of(tmp_path).text
    with pytest.raises(FileNotFoundError):
        stamp_of(tmp_path / "nothing")


@pytest.mark.slow
def test_settled_content_is_read_once_and_read_again_after_a_write(folder, tmp_path: Path) -> None:
    file = tmp_path / "data.bin"
    file.write_text("abc")
    time.sleep(2.1)
    record = ArtifactRecord("a", "system.Dataset", str(file), digest_path(file).digest, 3)
    check = ContentCheck(folder.store)
    assert check.holds({"a": record}) and folder.store.cache.stamp(str(file)) is None
    check.keep_stamps()
    assert folder.store.cache.stamp(str(file)) == (record.digest, stamp_of(file).text)
    assert ContentCheck(folder.store).holds({"a": record})
    rewrite_quietly(file)
    assert not ContentCheck(folder.store).holds({"a": record})


def test_a_stamp_that_fits_stands_for_the_content(folder, tmp_path: Path) -> None:
    """The recorded digest is a lie that only reading the file would find out: so it is not read."""
    file = tmp_path / "data.bin"
    file.write_text("abc")
    record = ArtifactRecord("a", "system.Dataset", str(file), "f" * 64, 3)
    assert not ContentCheck(folder.store).holds({"a": record})
    folder.store.cache.put_stamps([(str(file), "f" * 64, stamp_of(file).text)])
    assert ContentCheck(folder.store).holds({"a": record})
    file.chmod(0o600)
    assert not ContentCheck(folder.store).holds({"a": record})


def test_what_was_damaged_may_be_whole_again_in_the_same_run(folder, tmp_path: Path) -> None:
    file = tmp_path / "data.bin"
    file.write_text("abc")
    record = ArtifactRecord("a", "system.Dataset", str(file), digest_path(file).digest, 3)
    check = ContentCheck(folder.store)
    file.unlink()
    assert not check.holds({"a": record})
    file.write_text("abc")
    assert check.holds({"a": record})
