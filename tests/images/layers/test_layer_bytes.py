"""A layer depends on names, contents and who may run a file, and on nothing else."""

from __future__ import annotations

import io
import os
import random
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milonga.errors import MilongaError
from milonga.images.layers.addition import Addition
from milonga.images.layers.collecting import entries_of
from milonga.images.layers.layer import Layer

NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..") and len(name.encode()) < 60
)
FILES = st.dictionaries(st.lists(NAMES, min_size=1, max_size=3).map(tuple), st.binary(max_size=50), max_size=6)


def written(folder: Path, files: list[tuple[tuple[str, ...], bytes]], time_s: int) -> Path:
    folder.mkdir()
    for parts, content in files:
        path = folder.joinpath(*parts)
        if any(parent.is_file() for parent in path.parents if parent != folder) or path.is_dir():
            continue  # a file is where a folder would have to be
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (time_s, time_s))
    return folder


def layer_of(source: Path, scratch: Path, **settings: str) -> Layer:
    return Layer.write(entries_of([Addition(source, "/app", ("!**",))]), scratch / "layer", **settings)  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(FILES, st.integers(0, 2**33), st.randoms(use_true_random=False))
def test_the_same_files_in_any_order_and_of_any_time_are_the_same_layer(
    files: dict[tuple[str, ...], bytes], time_s: int, order: random.Random
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        one = written(root / "one", sorted(files.items()), 1)
        kept = [(path.relative_to(one).parts, path.read_bytes()) for path in one.rglob("*") if path.is_file()]
        order.shuffle(kept)
        two = written(root / "two", kept, time_s)
        (root / "a").mkdir()
        (root / "b").mkdir()
        first, second = layer_of(one, root / "a"), layer_of(two, root / "b")
        assert first.descriptor == second.descriptor and first.diff_id == second.diff_id
        with tarfile.open(first.path) as archive:
            held = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}  # type: ignore[union-attr]
        assert held == {"app/" + "/".join(parts): content for parts, content in kept}


def test_the_bytes_of_a_layer_are_pinned(project: Path, tmp_path: Path) -> None:
    """They change with no version of Python, of tarfile or of this project without somebody who sees it."""
    layer = Layer.write(entries_of([Addition(project, "/app")]), tmp_path / "layer", compression="none")
    assert layer.diff_id == layer.descriptor.digest
    assert layer.diff_id == "sha256:8c67d9bcb7927e30a0dd63b13e99a8a0d330b3b3431c0e0c701957d7e72cee83"


def test_a_layer_holds_plain_modes_and_nobody_s_name(project: Path, tmp_path: Path) -> None:
    layer = Layer.write(entries_of([Addition(project, "/app")]), tmp_path / "layer")
    with tarfile.open(layer.path) as archive:
        found = {member.name: member for member in archive}
    assert list(found) == [
        "app",
        "app/run.sh",
        "app/src",
        "app/src/app",
        "app/src/app/__init__.py",
        "app/src/app/main.py",
        "app/start",
    ]
    assert {(one.uid, one.gid, one.mtime, one.uname, one.gname) for one in found.values()} == {(0, 0, 0, "", "")}
    assert {name: oct(one.mode) for name, one in found.items() if one.isreg() or one.isdir()} == {
        "app": "0o755",
        "app/run.sh": "0o755",
        "app/src": "0o755",
        "app/src/app": "0o755",
        "app/src/app/__init__.py": "0o644",
        "app/src/app/main.py": "0o644",
    }
    assert found["app/start"].issym() and found["app/start"].linkname == "run.sh"
    assert layer.path.read_bytes()[4:8] == bytes(4), "no time in the header of gzip"


def test_a_file_that_is_changed_after_it_was_written_is_not_used(project: Path, tmp_path: Path) -> None:
    layer = Layer.write(entries_of([Addition(project, "/app")]), tmp_path / "layer")
    layer.path.write_bytes(b"x" * layer.descriptor.size_bytes)
    with pytest.raises(MilongaError, match="E983"):
        layer.fetch(layer.descriptor, io.BytesIO())


def test_names_of_any_bytes_survive(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    names = [b"line\nbreak", b"\xff\xfe", "ü".encode(), b"x" * 200, b"-rf *", b"$(id)"]
    for name in names:
        (folder / os.fsdecode(name)).write_text("x")
    layer = Layer.write(entries_of([Addition(folder, "/")]), tmp_path / "layer")
    with tarfile.open(layer.path) as archive:
        assert {os.fsencode(member.name) for member in archive} == set(names)
