"""The content store: equal content once, under its digest, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from milonga.engine.content import Content, ContentStore, copy_content, digest_path
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


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: os.mkfifo(folder_at(path) / "pipe")], ids=["alone", "inside"])
def test_what_is_no_content_is_refused_and_not_waited_for(store: ContentStore, tmp_path: Path, make) -> None:
    make(tmp_path / "made")
    with pytest.raises(StoreError) as caught:
        store.take(tmp_path / "made", "data")
    assert caught.value.code == "E424" and "neither a file" in caught.value.message and not store.root.exists()


def test_folders_that_nobody_may_write_can_be_stored_and_removed(store: ContentStore, tmp_path: Path) -> None:
    for name in ("one", "two"):
        path = folder_at(tmp_path / name)
        (path / "sub").chmod(0o555)
        path.chmod(0o555)
        store.take(path, "data")
    (kept,) = store.root.glob("*/*/*")
    assert (kept / "sub" / "a.txt").read_text() == "x" and (tmp_path / "two").is_symlink()


def test_a_copy_is_what_it_was_copied_from(tmp_path: Path) -> None:
    folder = folder_at(tmp_path / "one")
    (folder / "b.txt").chmod(0o755)
    (folder / "empty").mkdir()
    (folder / "link").symlink_to("b.txt")
    (folder / "to folder").symlink_to("sub")
    (folder / "nowhere").symlink_to("not/there")
    copy_content(folder, tmp_path / "two")
    assert digest_path(tmp_path / "two") == digest_path(folder)


def test_spoilt_content_in_the_way_is_not_taken_for_the_true_one(store: ContentStore, tmp_path: Path) -> None:
    """The store does not look at hidden names, so that it is met only when the true content moves in."""
    kept, _ = store.take(folder_at(tmp_path / "one"), ".data")
    (kept / "b.txt").chmod(0o644)
    (kept / "b.txt").write_text("forged")
    with pytest.raises(StoreError) as caught:
        store.take(folder_at(tmp_path / "two"), ".data")
    assert caught.value.code == "E424" and "spoilt" in caught.value.message
    assert (tmp_path / "two" / "b.txt").read_text() == "b" and not (tmp_path / "two").is_symlink()


def test_many_threads_store_the_same_content_at_once(store: ContentStore, tmp_path: Path) -> None:
    paths = [folder_at(tmp_path / str(number), text="same" * 1000) for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda path: store.take(path, "data"), paths))
    assert len(set(found)) == 1 and all((path / "sub" / "a.txt").read_text() == "same" * 1000 for path in paths)
    assert [path.name for path in found[0][0].parent.iterdir()] == ["data"]


def test_who_keeps_watch_hears_of_everything_that_is_stored(tmp_path: Path) -> None:
    heard: list[tuple[Path, str]] = []
    store = ContentStore(tmp_path / "store", lambda place, digest: heard.append((place, digest)))
    taken = [store.take(folder_at(tmp_path / name), "data") for name in ("one", "two")]
    assert heard == [(place, content.digest) for place, content in taken]


@contextmanager
def no_descriptor_free() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_good_content_that_cannot_be_read_just_now_stays(tmp_path: Path) -> None:
    """No file can be opened from the moment on at which the new content has been read."""

    class Crowded(ContentStore):
        def _put(self, path: Path, content: Content, name: str) -> Path:
            with no_descriptor_free():
                return super()._put(path, content, name)

    kept, content = ContentStore(tmp_path / "store").take(folder_at(tmp_path / "one"), "model")
    again = folder_at(tmp_path / "two")
    with pytest.raises(StoreError) as caught:
        Crowded(tmp_path / "store").take(again, "data")
    assert caught.value.code == "E424" and not again.is_symlink() and digest_path(again) == content
    assert digest_path(kept) == content and [path.name for path in kept.parent.iterdir()] == ["model"]


def test_a_file_that_cannot_be_opened_just_now_is_no_spoilt_one(tmp_path: Path) -> None:
    """The folder can be listed, with the last descriptor; what lies in it cannot be read."""

    class Crowded(ContentStore):
        def _entry(self, digest: str) -> Path | None:
            found = super()._entry(digest)
            limit = no_descriptor_free()
            limit.__enter__()
            crowd.append(limit)
            return found

    crowd: list[AbstractContextManager[None]] = []
    kept, content = ContentStore(tmp_path / "store").take(folder_at(tmp_path / "one"), "model")
    with pytest.raises(StoreError) as caught:
        try:
            Crowded(tmp_path / "store").take(folder_at(tmp_path / "two"), "data")
        finally:
            crowd[0].__exit__(None, None, None)
    assert caught.value.code == "E424" and digest_path(kept) == content


def test_what_comes_in_place_of_spoilt_content_has_its_name(store: ContentStore, tmp_path: Path) -> None:
    """Records of earlier runs lead to that place."""
    kept, content = store.take(folder_at(tmp_path / "one"), "model")
    (kept / "b.txt").unlink()
    again, _ = store.take(folder_at(tmp_path / "two"), "data")
    assert again == kept and digest_path(kept) == content and (tmp_path / "one" / "b.txt").read_text() == "b"


def test_no_name_can_be_taken_for_the_end_of_another(tmp_path: Path) -> None:
    (tmp_path / "one" / "x").mkdir(parents=True)
    (tmp_path / "one" / "y").mkdir()
    (tmp_path / "other" / "x\nd y").mkdir(parents=True)
    assert digest_path(tmp_path / "one") != digest_path(tmp_path / "other")


def test_a_link_is_digested_as_it_is_written(tmp_path: Path) -> None:
    digests = set()
    for number, said in enumerate(("a", "./a", "a/", "a//b", "a/b", "a b", "a\nb")):
        folder = tmp_path / str(number)
        folder.mkdir()
        os.symlink(said, folder / "link")  # noqa: PTH211 - a Path tidies what it says
        digests.add(digest_path(folder).digest)
    assert len(digests) == 7


def test_the_form_of_a_folders_digest_stays(tmp_path: Path) -> None:
    """A stored digest is looked for by later versions: who changes the form changes the version in its first line."""
    folder = folder_at(tmp_path / "one")
    (folder / "link").symlink_to("b.txt")
    (folder / "sub" / "a.txt").chmod(0o755)
    (folder / "b.txt").chmod(0o644)
    b, x = (hashlib.sha256(text).hexdigest() for text in (b"b", b"x"))
    fields = ["d", ".", "f", "./b.txt", "-", b, "l", "./link", "b.txt", "d", "sub", "f", "sub/a.txt", "x", x]
    text = "folder 2\n" + "".join(f"{field}\0" for field in fields)
    assert digest_path(folder).digest == hashlib.sha256(text.encode()).hexdigest()
