"""The content of artifacts, fetched from a bucket that is a folder here."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from milonga.backends.argo.importing import _Import
from milonga.backends.argo.outputs.downloads import fetched
from milonga.backends.run_outputs import OutputArtifact, RunOutputs
from milonga.engine.home import Home


class FolderBucket:
    """Counts what is fetched."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fetches: list[str] = []
        self.repository: Any = SimpleNamespace(uri=lambda key: key)

    def put(self, key: str, **files: str) -> None:
        """One file named like the object, or a folder of entries."""
        content = self.folder / "content" / key
        if "whole" in files:
            content.parent.mkdir(parents=True, exist_ok=True)
            content.write_text(files["whole"])
        else:
            content.mkdir(parents=True)
            for name, text in files.items():
                (content / name.removeprefix("at")).write_text(text)
        with tarfile.open(self.folder / key, "w:gz") as archive:
            archive.add(content, arcname=key)

    def fetch(self, key: str, file: Path) -> bool:
        self.fetches.append(key)
        if not (self.folder / key).is_file():
            return False
        shutil.copyfile(self.folder / key, file)
        return True


@pytest.fixture
def bucket(tmp_path: Path) -> FolderBucket:
    made = FolderBucket(tmp_path / "bucket")
    made.put("single", whole="one")
    made.put("list", at0="zero", at2="two")
    return made


def item(key: str, position: int | None = None) -> OutputArtifact:
    return OutputArtifact("n", "system.Dataset", f"s3://b/{key}", key=key, position=position)


def test_entries_of_a_list_come_from_one_fetch_and_gaps_are_left_out(bucket: FolderBucket, tmp_path: Path) -> None:
    items = [item("list", at) for at in range(3)] + [item(""), item("single"), item("gone")]
    found = fetched(bucket, items, tmp_path / "out")  # type: ignore[arg-type]
    assert {at: path.read_text() for at, path in found.items()} == {0: "zero", 2: "two", 4: "one"}
    assert bucket.fetches == ["list", "single", "gone"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0", "2", "4"]


def test_an_artifact_that_stands_twice_in_a_list_is_there_twice(bucket: FolderBucket, tmp_path: Path) -> None:
    items = [item("single"), item("list", 2), item("single"), item("list", 2)]
    found = fetched(bucket, items, tmp_path / "out")  # type: ignore[arg-type]
    assert [path.read_text() for path in found.values()] == ["one", "two", "one", "two"]
    assert bucket.fetches == ["single", "list"]


def test_an_import_passes_over_what_has_no_content(bucket: FolderBucket, tmp_path: Path) -> None:
    lists = {
        "of-steps": (item(""), item("single"), item("single")),
        "of-one": tuple(item("list", at) for at in range(3)),
    }
    importing = _Import(
        SimpleNamespace(),  # type: ignore[arg-type]
        SimpleNamespace(bucket=bucket),  # type: ignore[arg-type]
        Home(tmp_path / "home"),
        None,
        content=True,
    )
    for name, items in lists.items():
        records = importing._artifacts(RunOutputs("r", artifacts={name: items}))[name]
        assert isinstance(records, tuple)
        has_content = [bool(found.digest) for found in records]
        assert has_content == ([False, True, True] if name == "of-steps" else [True, False, True])
    importing._artifacts(RunOutputs("r", "again", artifacts={"output": item("single")}))
    assert bucket.fetches == ["single", "list"], "each object once"
