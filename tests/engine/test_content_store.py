"""The content store: equal content once, under its digest, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from milonga.engine.content import ContentStore, digest_path
from milonga.errors import StoreError


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "store")


def folder_at(path: Path, text: str = "x") -> Path:
    (path / "sub").mkdir(parents=True)
    (path / "sub" / "a.txt").write_text(text)
    (path / "b.txt").write_text("b")
    return path


def test_content_moves_in_and_its_old_path_still_leads_to_it(store: ContentStore, tmp_path: Path) -> None:
    path = folder_at(tmp_path / "made")
    kept, content = store.take(path, "data")
    assert kept == store.place_of(content.digest, "data") and path.is_symlink() and path.resolve() == kept.resolve()
    assert (path / "sub" / "a.txt").read_text() == "x" and content.size_bytes == 2
    assert store.find(content.digest) == kept and store.find("0" * 64) is None


def test_equal_content_is_kept_once_whatever_its_name(store: ContentStore, tmp_path: Path) -> None:
    first, _ = store.take(folder_at(tmp_path / "one"), "data")
    second, _ = store.take(folder_at(tmp_path / "two"), "other")
    assert first == second and (tmp_path / "two" / "b.txt").read_text() == "b"


def test_the_store_may_move_with_its_folder(store: ContentStore, tmp_path: Path) -> None:
    home = tmp_path / "home"
    inside = ContentStore(home / "store")
    inside.take(folder_at(home / "runs" / "made"), "data")
    home.rename(tmp_path / "moved")
    assert (tmp_path / "moved" / "runs" / "made" / "b.txt").read_text() == "b"


def test_spoilt_content_gives_way_to_the_true_one(store: ContentStore, tmp_path: Path) -> None:
    kept, content = store.take(folder_at(tmp_path / "one"), "data")
    (kept / "b.txt").chmod(0o644)
    (kept / "b.txt").write_text("forged")
    again, same = store.take(folder_at(tmp_path / "two"), "data")
    assert same.digest == content.digest and (again / "b.txt").read_text() == "b"
    assert digest_path(again).digest == content.digest
    assert [path.name for path in kept.parent.iterdir()] == ["data"]


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "b.txt").write_text("c"),
        lambda folder: (folder / "b.txt").rename(folder / "c.txt"),
        lambda folder: (folder / "b.txt").chmod(0o755),
        lambda folder: (folder / "empty").mkdir(),
        lambda folder: (folder / "link").symlink_to("b.txt"),
        lambda folder: (folder / "sub" / "a.txt").rename(folder / "a.txt"),
    ],
    ids=["content", "name", "mode", "empty folder", "link", "place"],
)
def test_a_digest_sees_every_difference(tmp_path: Path, change) -> None:
    folder = folder_at(tmp_path / "one")
    before = digest_path(folder).digest
    assert digest_path(folder_at(tmp_path / "two")).digest == before
    change(folder)
    assert digest_path(folder).digest != before


def test_a_digest_does_not_depend_on_place_times_or_order(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / "one").mkdir(exist_ok=True)
        (tmp_path / "one" / name).write_text(name)
    for name in ("c", "a", "b"):
        (tmp_path / "deep" / "two").mkdir(exist_ok=True, parents=True)
        (tmp_path / "deep" / "two" / name).write_text(name)
        os.utime(tmp_path / "deep" / "two" / name, (1, 1))
    assert digest_path(tmp_path / "one") == digest_path(tmp_path / "deep" / "two")


def test_a_file_and_a_folder_with_it_are_different_contents(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_text("a")
    (tmp_path / "a").write_text("a")
    assert digest_path(tmp_path / "folder").digest != digest_path(tmp_path / "a").digest


def test_names_that_are_no_text_are_kept(store: ContentStore, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / os.fsdecode(b"caf\xff")).write_text("x")
    kept, _ = store.take(tmp_path / "made", "data")
    assert [os.fsencode(path.name) for path in kept.iterdir()] == [b"caf\xff"]


def test_a_place_that_cannot_be_written_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the store should be")
    path = folder_at(tmp_path / "made")
    with pytest.raises(StoreError) as caught:
        ContentStore(tmp_path / "store").take(path, "data")
    assert caught.value.code == "E424" and (path / "b.txt").read_text() == "b" and not path.is_symlink()
