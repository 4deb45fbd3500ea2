"""What becomes an entry of a layer, what stays out, and what is refused."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from milonga.errors import UsageError
from milonga.images.layers.addition import Addition, in_image
from milonga.images.layers.collecting import entries_of


def paths(*additions: Addition) -> list[str]:
    return [entry.path for entry in entries_of(additions)]


def refused(*additions: Addition) -> UsageError:
    with pytest.raises(UsageError) as caught:
        entries_of(additions)
    return caught.value


def test_a_dockerignore_and_patterns_keep_files_out(project: Path) -> None:
    (project / ".dockerignore").write_text("# nothing of this\nsrc\n!src/app/main.py\n")
    found = paths(Addition(project, "/app", ("*.sh", ".docker*", "start")))
    assert found == ["app", "app/src", "app/src/app", "app/src/app/main.py"]


def test_folders_that_every_system_has_get_no_entry(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    add = tmp_path / "file"
    assert paths(Addition(add, "/lib/file")) == ["lib/file"]
    whose = "/".join(("home", "somebody", "file"))
    assert paths(Addition(add, f"/{whose}")) == [whose]
    assert paths(Addition(add, "/tmp/mine/file")) == ["tmp/mine", "tmp/mine/file"]
    assert paths(Addition(add, "/opt/mine/file")) == ["opt", "opt/mine", "opt/mine/file"]


def test_an_empty_folder_is_kept(tmp_path: Path) -> None:
    (tmp_path / "files" / "empty").mkdir(parents=True)
    assert paths(Addition(tmp_path / "files", "/app")) == ["app", "app/empty"]


def test_a_link_that_stays_inside_is_a_link_that_works_there(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    (folder / "deep").mkdir(parents=True)
    (folder / "file").write_text("x")
    (folder / "deep" / "relative").symlink_to("../file")
    (folder / "deep" / "absolute").symlink_to(folder / "file")
    (folder / "nowhere").symlink_to("not-there")
    (folder / "loop").symlink_to("loop")
    found = {entry.path: entry.target for entry in entries_of([Addition(folder, "/app")]) if entry.target}
    assert found == {
        "app/deep/absolute": "../file",
        "app/deep/relative": "../file",
        "app/loop": "loop",
        "app/nowhere": "not-there",
    }


@pytest.mark.parametrize("target", ["../outside", "/etc", "deep/../../outside", "up/outside", ".."])
def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path, target: str) -> None:
    folder = tmp_path / "files"
    (folder / "deep").mkdir(parents=True)
    (tmp_path / "outside").write_text("secret")
    if target == "up/outside":  # plain by its text, and it leaves by another link, which is left out
        (folder / "up").symlink_to("..")
    (folder / "link").symlink_to(target)
    error = refused(Addition(folder, "/app", ("up",)))
    assert error.code == "E983" and error.where == str(folder / "link") and error.got == target


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    assert refused(Addition(folder, "/app")).code == "E983"
    (folder / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "s"))
        assert refused(Addition(folder, "/app")).got.endswith("/s")


def test_two_things_for_one_place_are_refused_unless_they_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("same")
    (tmp_path / "b").write_text("same")
    (tmp_path / "c").write_text("other")
    place = "/srv/file"
    assert paths(Addition(tmp_path / "a", place), Addition(tmp_path / "b", place)) == ["srv", "srv/file"]
    error = refused(Addition(tmp_path / "a", place), Addition(tmp_path / "c", place))
    assert error.code == "E984" and error.where == place and "/a'" in error.got and "/c'" in error.got
    assert refused(Addition(tmp_path / "a", "/srv"), Addition(tmp_path / "c", place)).code == "E984"


@pytest.mark.parametrize(
    ("text", "destination"),
    [
        ("files", "/app/files"),
        ("files:lib", "/app/lib"),
        ("files:/opt/x/", "/opt/x"),
        ("files/one", "/app/one"),
        ("files/one:data/", "/app/data/one"),
        ("files/one:data", "/app/data"),
        ("files/one:/", "/one"),
        (".", "/app"),
        ("files:.", "/app"),
        (".:.", "/app"),
        ("with:colon", "/app/with:colon"),
    ],
)
def test_where_an_addition_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, destination: str) -> None:
    work = tmp_path / "work"
    (work / "files").mkdir(parents=True)
    (work / "files" / "one").write_text("x")
    (work / "with:colon").write_text("x")
    monkeypatch.chdir(work)
    assert Addition.parse(text, workdir="/app").destination == destination


def test_an_addition_that_is_not_there_or_leaves_the_image_is_refused(tmp_path: Path) -> None:
    for text in ("not-there", "not-there:/x", "", ":/x", f"{tmp_path}:../../x"):
        with pytest.raises(UsageError, match="E983"):
            Addition.parse(text, workdir="/app")
    assert in_image("//a/./b/../c/") == "/a/c"
