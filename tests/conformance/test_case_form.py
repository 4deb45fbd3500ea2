"""What a corpus says without meaning is one clear error when it is read, and never a case that passed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from milonga.cli.main import run_command_line
from milonga.errors import UsageError
from milonga.testing.conformance import load_corpus
from milonga.testing.conformance.case_form import EXPECTATIONS
from milonga.testing.conformance.checks import CHECKS

MALFORMED: list[tuple[str, Any, str]] = [
    ("state", {"$is": "SUCCEEDED"}, "state"),
    ("sate", "SUCCEEDED", "sate"),
    ("arguments", [], "arguments"),
    ("arguments", {"x": [{"$repeat": ["ab", "two"]}]}, "arguments.x[0]"),
    ("artifact_arguments", {"x": {"type": "system.Dataset"}}, "artifact_arguments.x"),
    ("artifact_arguments", {"x": {"text": "a", "uri": "b"}}, "artifact_arguments.x.uri"),
    ("secrets", {"vault": {"key": 1}}, "secrets.vault.key"),
    ("outputs", ["count"], "outputs"),
    ("outputs", {"$type": "object"}, "outputs"),
    ("outputs", {"a": {"b": {"$regex": "x", "c": 1}}}, "outputs.a.b"),
    ("outputs", {"a": {"$unknown": 1}}, "outputs.a"),
    ("outputs", {"a": {"$type": "float"}}, "outputs.a"),
    ("outputs", {"a": {"$range": [1]}}, "outputs.a"),
    ("outputs", {"a": {"$range": ["a", "b"]}}, "outputs.a"),
    ("outputs", {"a": {"$regex": "("}}, "outputs.a"),
    ("outputs", {"a": {"$length": "3"}}, "outputs.a"),
    ("outputs", {"a": {"$line_count": -1}}, "outputs.a"),
    ("outputs", {"a": {"$sha256": "short"}}, "outputs.a"),
    ("outputs", {"a": {"$starts_with": 1}}, "outputs.a"),
    ("outputs", {"a": {"$repeat": ["a", -1]}}, "outputs.a"),
    ("outputs", {"a": {"$one_of": "ab"}}, "outputs.a"),
    ("outputs", {"a": {"$one_of": [{"$unknown": 1}]}}, "outputs.a.$one_of[0]"),
    ("outputs_absent", {"a": 1}, "outputs_absent"),
    ("outputs_absent", [1], "outputs_absent[0]"),
    ("output_artifacts", {"data": {"txt": "x"}}, "output_artifacts.data.txt"),
    ("output_artifacts", {"data": [{}, "x"]}, "output_artifacts.data[1]"),
    ("output_artifacts", {"data": {"files": ["a"]}}, "output_artifacts.data.files"),
    ("tasks", [], "tasks"),
    ("tasks", {"make": {"sate": "SUCCEEDED"}}, "tasks.make.sate"),
    ("tasks", {"make": {"log_lines": "a line"}}, "tasks.make.log_lines"),
    ("tasks", {"make": {"artifacts": {"a": {"size": 1}}}}, "tasks.make.artifacts.a.size"),
    ("files", [], "files"),
    ("rules", {}, "rules"),
    ("rules", ["equal"], "rules[0]"),
    ("rules", [{"rule": "unheard-of"}], "rules[0]"),
    ("rules", [{"rule": ["equal"]}], "rules[0]"),
    ("rules", [{"rule": "equal", "left": "make#parameters.count"}], "rules[0]"),
    ("rules", [{"rule": "equal", "left": "make#outputs.count", "right": 3}], "rules[0].left"),
    ("rules", [{"rule": "equal", "left": "make", "right": 3}], "rules[0].left"),
    ("rules", [{"rule": "equal", "left": "#outputs.a", "right": {"ref": "x"}}], "rules[0].right.ref"),
    ("rules", [{"rule": "runs_iff", "task": "make", "when": [["make#state", "=~", 3]]}], "rules[0].when[0]"),
    ("rules", [{"rule": "runs_iff", "task": "make", "when": [["make#state", ["=="], 3]]}], "rules[0].when[0]"),
    ("rules", [{"rule": "exactly_one", "tasks": "make"}], "rules[0].tasks"),
    ("rules", [{"rule": "exactly_one", "tasks": [], "unless": []}], "rules[0].unless"),
    ("rules", [{"rule": "in_range", "ref": "#outputs.a", "min": "0", "max": 1}], "rules[0].min"),
    ("rules", [{"rule": "logs", "task": "make", "line": "{a#b}"}], "rules[0].line"),
    ("alternatives", [{"outputs": {}}], "alternatives[0].outputs"),
    ("order", [["a"]], "order[0]"),
    ("order", [["a", 1]], "order[0][1]"),
    ("limits", {"loop": "2"}, "limits.loop"),
    ("limits", {"loop": True}, "limits.loop"),
    ("second_run", {"skipped": []}, "second_run.skipped"),
    ("second_run", {"cached": "make"}, "second_run.cached"),
]


def corpus(folder: Path, **case: Any) -> Path:
    (folder / "a.yaml").write_text("a")
    document = {"files": {"a.yaml": {"cases": [{"id": "one", "state": "SUCCEEDED", **case}]}}}
    (folder / "expected.json").write_text(json.dumps(document))
    return folder


@pytest.mark.parametrize(("key", "malformed", "place"), MALFORMED)
def test_what_has_no_meaning_is_an_error_that_names_its_place(
    tmp_path: Path, key: str, malformed: Any, place: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load_corpus(corpus(tmp_path, **{key: malformed}))
    assert caught.value.code == "E916"
    assert caught.value.where == f"{tmp_path / 'expected.json'}: a.yaml::one.{place}"


def test_each_key_with_a_check_has_a_form_and_is_shown_to_be_refused() -> None:
    assert EXPECTATIONS.keys() == CHECKS.keys()
    assert EXPECTATIONS.keys() <= {key for key, _, _ in MALFORMED}


def test_data_that_looks_like_a_matcher_is_an_argument(tmp_path: Path) -> None:
    arguments = {"schema": {"$type": "x", "plain": {"$unknown": 1}}, "$HOME": ["$(id)"]}
    loaded = load_corpus(corpus(tmp_path, arguments=arguments))
    assert loaded.files[0].cases[0].arguments == arguments


def test_a_task_or_file_name_may_begin_with_a_dollar_sign(tmp_path: Path) -> None:
    loaded = load_corpus(corpus(tmp_path, files={"${TMP}/a": "b"}, outputs={"$weird": 1}))
    assert loaded.files[0].cases[0].expectations["outputs"] == {"$weird": 1}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("expected.json", "{"),
        ("expected.json", "[" * 100_000),
        ("expected.json", '{"files": {"a.yaml": {"cases": [1]}}}'),
        ("expected.json", '{"files": {"a.yaml": {"cases": [{"id": 1, "state": "x"}]}}}'),
        ("expected.json", '{"files": {"a.yaml": {"cases": [{"id": "x", "state": "x"}], "packages": "pandas"}}}'),
        ("expected.json", '{"files": {"../\\u0000.yaml": {"cases": [{"id": "x", "state": "x"}]}}}'),
        ("index.json", "not json"),
        ("index.json", "[]"),
        ("index.json", '{"files": {}}'),
        ("index.json", '{"files": [{"file": ["a"]}]}'),
        ("index.json", '{"files": [{"file": "absent.yaml"}]}'),
    ],
)
def test_a_broken_file_of_a_corpus_is_one_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    corpus(tmp_path)
    (tmp_path / name).write_text(text)
    assert run_command_line(["conformance", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error E916: the corpus is wrong") or "E916" in captured.err.splitlines()[0]


def test_bytes_that_are_no_text_are_no_corpus(tmp_path: Path) -> None:
    corpus(tmp_path)
    (tmp_path / "expected.json").write_bytes(b'{"files": {"\xff": 1}}')
    with pytest.raises(UsageError) as caught:
        load_corpus(tmp_path)
    assert caught.value.code == "E916"
