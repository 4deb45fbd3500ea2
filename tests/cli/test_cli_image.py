"""`milonga image`: what a person types, and what comes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def app(here) -> None:
    here.write("src/app.py", "print('hello')\n")
    here.write("src/__pycache__/app.pyc", "")


def test_an_image_is_built_on_another_and_its_digest_is_found(here, app) -> None:
    first = here("image", "build", "--base", "scratch", "--add", "src", "--output", "base", "--json")
    assert first.code == 0, first.err
    built = first.json
    assert built["number_of_files"] == 1 and built["platform"] == "linux/amd64" and built["image"] == ""
    assert "base: scratch for linux/amd64" in first.err and "layer: 1 files" in first.err
    second = here(
        *("image", "build", "--base", "./base", "--add", "src:lib", "--output", "app.tar", "--name", "team/app:1"),
        *("--env", "A=b=c", "--entrypoint", "python -m app", "--workdir", "/srv"),
    )
    assert second.code == 0, second.err
    digest = second.out.strip()
    for text in ("app.tar", "oci-archive:app.tar", "docker-archive:app.tar:team/app:1", "./app.tar:1"):
        found = here("image", "digest", text)
        assert found.code == 0, found.err
    assert here("image", "digest", "app.tar").out.strip() == digest
    assert here("image", "digest", "app.tar", "--json").json == {
        "reference": "app.tar",
        "image": digest,
        "digest": digest,
    }
    index = json.loads((here.folder / "base" / "index.json").read_text())
    assert index["manifests"][0]["digest"] == built["digest"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["build", "--base", "scratch", "--add", "src"], "E989"),
        (["build", "--base", "scratch", "--add", "src", "--output", "a", "--push", "b"], "E989"),
        (["build", "--base", "scratch", "--add", "src", "--push", "a/b", "--name", "c"], "E989"),
        (["build", "--base", "scratch", "--add", "src", "--output", "a", "--env", "=x"], "E989"),
        (["build", "--base", "scratch", "--add", "src", "--output", "a", "--entrypoint", "'"], "E989"),
        (["build", "--base", "scratch", "--add", "src", "--output", "a", "--entrypoint", "[1]"], "E989"),
        (["build", "--base", "scratch", "--add", "src", "--output", "a", "--workdir", "x"], "E989"),
        (["build", "--base", "scratch", "--add", "src", "--output", "a", "--platform", "x"], "E989"),
        (["build", "--base", "scratch", "--add", "absent", "--output", "a"], "E983"),
        (["build", "--base", "scratch", "--output", "a"], "E983"),
        (["build", "--base", "scratch", "--add", "src", "--push", "a/b@sha256:" + "0" * 64], "E980"),
        (["build", "--base", "No Name", "--add", "src", "--output", "a"], "E980"),
        (["build", "--base", "./absent", "--add", "src", "--output", "a"], "E981"),
        (["build", "--base", "scratch", "--requirements", "absent", "--output", "a"], "E985"),
        (["build", "--base", "scratch", "--add", "src", "--output", "src"], "E988"),
        (["digest", "a b"], "E980"),
    ],
)
def test_wrong_usage_is_one_clear_error_and_writes_nothing(here, app, words: list[str], code: str) -> None:
    ended = here("image", *words)
    assert ended.code == 2 and f"error {code}:" in ended.err, ended.err
    assert sorted(path.name for path in Path(here.folder).iterdir()) == ["src"]


def test_a_digest_in_a_name_is_printed_without_a_registry(here) -> None:
    name = "python@sha256:" + "1" * 64
    assert here("image", "digest", name).out == f"{name}\n"


@pytest.mark.parametrize("output", ["image.tar", "image", "src/an [odd] name!*.tar"])
def test_an_image_in_the_folder_that_is_added_is_no_part_of_the_next_one(here, app, output: str) -> None:
    built = [here("image", "build", "--base", "scratch", "--add", ".", "--output", output) for _ in range(3)]
    assert [one.code for one in built] == [0, 0, 0], built[0].err
    assert len({one.out for one in built}) == 1
