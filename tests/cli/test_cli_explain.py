"""`milonga explain`: codes and what else there is, for a person and as JSON."""

from __future__ import annotations

import subprocess
import sys

import pytest

from milonga.cli.topics import KINDS, topic_named
from milonga.explanations import explained_codes, explanation_of


def test_a_code_is_explained_with_both_examples(here) -> None:
    ended = here("explain", "E113")
    assert ended.code == 0 and ended.err == ""
    lines = ended.out.splitlines()
    assert lines[0] == "E113 · A value of the wrong type" and lines[1] == "who must act: the author of the pipeline"
    for part in ("Why: ", "wrong:", "Mend: ", "right:", '        return double("4")'.removeprefix("    "), "see also:"):
        assert part in ended.out, part
    assert max(map(len, lines)) <= 100


def test_the_case_of_letters_does_not_matter(here) -> None:
    assert here("explain", "e113").out == here("explain", " E113 ").out == here("explain", "E113").out


def test_without_a_name_everything_is_listed(here) -> None:
    ended = here("explain")
    listed = dict(line.split("  ", 1) for line in ended.out.splitlines())
    assert ended.code == 0 and set(explained_codes()) <= set(listed)
    assert listed["E113"].strip() == "A value of the wrong type"


def test_the_list_as_json_has_the_same_names(here) -> None:
    document = here("explain", "--json").json
    assert set(document) == {kind.heading.lower() for kind in KINDS}
    assert [entry["name"] for entry in document["codes"]] == list(explained_codes())
    assert all(entry["title"] for entries in document.values() for entry in entries)


def test_an_explanation_as_json_is_complete(here) -> None:
    document = here("explain", "E113", "--json").json
    known = explanation_of("E113")
    assert known is not None and document == known.to_json()
    assert set(document) >= {"code", "title", "who", "means", "why", "mend", "wrong", "right", "related", "address"}
    assert document["address"].endswith("docs/reference/errors.md#e113")


@pytest.mark.parametrize("name", explained_codes())
def test_every_code_can_be_printed(name: str) -> None:
    topic = topic_named(name.lower(), width=80)
    assert topic is not None and topic.text.startswith(f"{name} · ") and topic.document["code"] == name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.heading)
def test_whatever_is_listed_can_be_explained(kind) -> None:
    for name, title in kind.titles().items():
        found = kind.find(name, width=80)
        assert title and found is not None and found.text.endswith("\n") and found.document, name


@pytest.mark.parametrize(
    ("name", "near"),
    [("E1113", "E113"), ("E914x", "E914"), ("E999", "E99"), ("113", "E113"), ("nothing-like-it", "lists")],
)
def test_an_unknown_name_is_wrong_usage_with_the_nearest(here, name: str, near: str) -> None:
    ended = here("explain", name)
    assert ended.code == 2 and ended.out == "" and "error E945: " in ended.err and near in ended.err


@pytest.mark.parametrize("name", ["", " ", "../e11x", "E1\n13", "{x}", "'\"", "x" * 10_000])
def test_garbage_is_wrong_usage_and_nothing_else(here, name: str) -> None:
    ended = here("explain", name, "--json")
    assert ended.code == 2 and ended.json["error"]["code"] == "E945" and "Traceback" not in ended.err


def test_a_code_is_explained_without_loading_anything_heavy() -> None:
    script = (
        "import sys; from milonga.cli.main import run_command_line; run_command_line(['explain', 'E113'])\n"
        "heavy = {'torch','numpy','onnx','kfp','kserve','optuna','PIL','rich'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
