"""What a run remembers about content: a change is seen, whatever it looks like, and looking stays cheap."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from milonga.engine.content import ContentStore, digest_path
from milonga.engine.custody import Custody
from milonga.errors import StoreError
from milonga.lineage.records import ArtifactRecord, Artifacts


class Checked:
    """Content in a store, and how often it was read in full."""

    def __init__(self, folder: Path) -> None:
        self.reads = 0
        self.custody = Custody((folder / "store",), "20260101-run", self.holds)
        self.store = ContentStore(folder / "store", self.custody.stored)

    def holds(self, artifacts: Artifacts) -> bool:
        self.reads += 1
        (record,) = artifacts.values()
        assert isinstance(record, ArtifactRecord)
        path = Path(record.uri)
        return path.exists() and digest_path(path).digest == record.digest

    def take(self, path: Path) -> Artifacts:
        kept, content = self.store.take(path, "data")
        return {"data": ArtifactRecord("data", "system.Dataset", str(kept), content.digest)}


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    return Checked(tmp_path)


def made(path: Path, count: int = 3) -> Path:
    path.mkdir()
    for number in range(count):
        (path / f"{number}.txt").write_text(f"content {number}")
    return path


def test_what_was_just_stored_is_not_read_again(checked: Checked, tmp_path: Path) -> None:
    artifacts = checked.take(made(tmp_path / "made"))
    for _ in range(5):
        assert checked.custody.require(artifacts) == []
    assert checked.reads == 0


def test_what_comes_from_elsewhere_is_read_once(checked: Checked, tmp_path: Path) -> None:
    own = made(tmp_path / "own")
    artifacts = {"data": ArtifactRecord("data", "system.Dataset", str(own), digest_path(own).digest)}
    for _ in range(5):
        assert checked.custody.require(artifacts) == []
    assert checked.reads == 1
    (own / "0.txt").write_text("another")
    for _ in range(5):
        assert checked.custody.require(artifacts) == [own]
    assert checked.reads == 2


def test_a_touch_is_no_change(checked: Checked, tmp_path: Path) -> None:
    artifacts = checked.take(made(tmp_path / "made"))
    (place,) = tmp_path.glob("store/*/*/data")
    os.utime(place / "0.txt")
    assert checked.custody.require(artifacts) == [] and checked.reads == 1


def test_a_change_with_the_same_size_and_times_is_seen(checked: Checked, tmp_path: Path) -> None:
    artifacts = checked.take(made(tmp_path / "made"))
    (file,) = tmp_path.glob("store/*/*/data/1.txt")
    before = file.stat()
    time.sleep(0.02)  # the clock of a file system ticks a few times in that
    file.chmod(0o644)
    file.write_text("Content 1")
    file.chmod(before.st_mode)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(StoreError) as caught:
        checked.custody.require(artifacts)
    assert caught.value.code == "E420" and "--resume 20260101-run" in caught.value.hint


def test_a_folder_of_many_files_is_not_walked_for_every_task(checked: Checked, tmp_path: Path) -> None:
    artifacts = checked.take(made(tmp_path / "made", count=3000))
    checked.custody.require(artifacts)
    began = time.process_time()
    for _ in range(2000):
        checked.custody.require(artifacts)
    assert time.process_time() - began < 20.0, "2 000 walks take a minute"


@pytest.mark.parametrize("uri", ["gs://bucket/data", "s3://bucket/data", "https://example.com/data"])
def test_content_elsewhere_is_taken_on_trust(checked: Checked, uri: str) -> None:
    assert checked.custody.require({"data": ArtifactRecord("data", "system.Dataset", uri, "0" * 64)}) == []
    assert checked.reads == 0


def test_what_is_missing_is_called_what_it_is(checked: Checked, tmp_path: Path) -> None:
    artifacts = checked.take(made(tmp_path / "made"))
    for file in tmp_path.glob("store/*/*/data"):
        file.rename(tmp_path / "away")
    for role in ("input", "output"):
        with pytest.raises(StoreError, match=f"^E420: the content of the {role} 'data' is gone"):
            checked.custody.require(artifacts, role)
