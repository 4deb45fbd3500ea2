"""Corpora: what is read, what is refused, what is run, what the command says."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from milonga.cli.main import run_command_line
from milonga.errors import InvalidPipeline, UsageError
from milonga.testing.conformance import ObservedRun, RunRequest, backend_named, load_corpus, run_corpus

Writer = Callable[..., Path]


class SelfMadeBackend:
    """Another team's back end: accepts what is no JSON, and hands out its arguments."""

    provides = frozenset({"magic"})

    def read(self, file: Path) -> None:
        if "invalid" in file.read_text("utf-8"):
            raise InvalidPipeline("E200", "it says so itself")

    def run(self, request: RunRequest) -> ObservedRun:
        return ObservedRun("SUCCEEDED", outputs=request.arguments)


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """A corpus of its own: `write(expected, index, {"name": "text"})`."""

    def make(expected: Any, index: Any = None, files: dict[str, str] | None = None) -> Path:
        (tmp_path / "expected.json").write_text(json.dumps(expected))
        if index is not None:
            (tmp_path / "index.json").write_text(json.dumps(index))
        for name, text in (files or {"a.yaml": "a"}).items():
            (tmp_path / name).write_text(text)
        return tmp_path

    return make


def with_cases(*cases: dict[str, Any], **file: Any) -> dict[str, Any]:
    return {"files": {"a.yaml": {"cases": list(cases), **file}}}


def verdicts(folder: Path, **options: Any) -> dict[str, tuple[str, str]]:
    found = run_corpus(load_corpus(folder), SelfMadeBackend(), **options)
    return {f"{item.file}::{item.case}": (item.outcome, item.reason) for item in found}


def test_any_back_end_can_be_held_against_any_corpus(write: Writer) -> None:
    good = {"id": "good", "arguments": {"x": 1}, "state": "SUCCEEDED", "outputs": {"x": 1}}
    bad = {"id": "bad", "arguments": {"x": 1}, "state": "SUCCEEDED", "outputs": {"x": 2}}
    folder = write(with_cases(good, bad))
    assert verdicts(folder) == {
        "a.yaml::good": ("passed", ""),
        "a.yaml::bad": ("failed", "outputs.x: expected 2, got 1"),
    }
    assert verdicts(folder, jobs=3) == verdicts(folder)
    assert list(verdicts(folder, only=("a.yaml::g*",))) == ["a.yaml::good"]
    assert backend_named(f"{__name__}:SelfMadeBackend").provides == {"magic"}


class BrokenBackend(SelfMadeBackend):
    def run(self, request: RunRequest) -> ObservedRun:
        return {}["nothing"] if "fail" in request.arguments else super().run(request)


def test_a_back_end_that_breaks_fails_that_case_only(write: Writer) -> None:
    folder = write(
        with_cases({"id": "a", "arguments": {"fail": 1}, "state": "SUCCEEDED"}, {"id": "b", "state": "SUCCEEDED"})
    )
    found = {item.case: (item.outcome, item.reason) for item in run_corpus(load_corpus(folder), BrokenBackend())}
    assert found == {"a": ("failed", "the back end raised KeyError: 'nothing'"), "b": ("passed", "")}


def test_what_cannot_be_run_is_skipped_and_the_reason_named(write: Writer) -> None:
    case = {"id": "one", "state": "SUCCEEDED"}
    assert verdicts(write(with_cases(case, requires=["magic", "secrets"]))) == {
        "a.yaml::one": ("skipped", "it requires secrets, which the back end does not provide")
    }
    assert verdicts(write(with_cases(case, packages=["no-such-package>=3", "pyyaml"]))) == {
        "a.yaml::one": ("skipped", "packages that are not installed: no-such-package>=3")
    }
    assert verdicts(write(with_cases(case, requires=["magic"], packages=["pyyaml"])))["a.yaml::one"][0] == "passed"


def test_files_without_cases_are_read_or_must_be_refused(write: Writer) -> None:
    index = {
        "files": [
            {"file": "c.yaml", "reason_not_runnable": "a container"},
            {"file": "d.yaml", "reason_not_runnable": "a container"},
            {"file": "e.yaml", "must_be_rejected": True, "why": "it is empty"},
            {"file": "f.yaml", "must_be_rejected": True, "why": "it is empty"},
        ]
    }
    texts = {"a.yaml": "a", "c.yaml": "c", "d.yaml": "invalid", "e.yaml": "invalid", "f.yaml": "f"}
    found = verdicts(write(with_cases({"id": "one", "state": "SUCCEEDED"}), index, texts))
    assert found == {
        "a.yaml::one": ("passed", ""),
        "c.yaml::read": ("skipped", "a container"),
        "d.yaml::read": ("failed", "E200: it says so itself"),
        "e.yaml::rejected": ("passed", ""),
        "f.yaml::rejected": ("failed", "expected a refusal (it is empty), and it was accepted"),
    }


@pytest.mark.parametrize(
    "expected",
    [
        [],
        {},
        {"files": []},
        {"files": {"a.yaml": {"cases": []}}},
        {"files": {"a.yaml": {}}},
        {"files": {"a.yaml": {"cases": [{"id": "x", "state": "SUCCEEDED"}], "requries": ["secrets"]}}},
        {"files": {"a.yaml": {"cases": [{"id": "x"}]}}},
        {"files": {"a.yaml": {"cases": [{"state": "SUCCEEDED"}]}}},
        {"files": {"a.yaml": {"cases": [{"id": "x", "state": "SUCCEEDED", "outptus": {}}]}}},
        {"files": {"a.yaml": {"cases": [{"id": "x", "state": "SUCCEEDED"}, {"id": "x", "state": "FAILED"}]}}},
        {"files": {"absent.yaml": {"cases": [{"id": "x", "state": "SUCCEEDED"}]}}},
    ],
)
def test_a_wrong_corpus_is_refused_whole(write: Writer, expected: Any) -> None:
    with pytest.raises(UsageError) as caught:
        load_corpus(write(expected))
    assert caught.value.code == "E916"


def test_a_folder_without_a_corpus_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["conformance", str(tmp_path)]) == 2
    assert "E916" in capsys.readouterr().err
    (tmp_path / "expected.json").write_text("{")
    assert run_command_line(["conformance", str(tmp_path)]) == 2


def test_a_selection_of_nothing_passes_nothing(corpus_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["conformance", str(corpus_folder), "--only", "none*"]) == 2
    assert "E918" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nobody", "json:dumps", "no.such.module:Thing", "pathlib:Path"])
def test_an_unknown_back_end_is_named(corpus_folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert run_command_line(["conformance", str(corpus_folder), "--backend", name]) == 2
    assert "E917" in capsys.readouterr().err


def test_milonga_passes_its_own_corpus(corpus_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["conformance", str(corpus_folder), "--json", "--jobs", "2"]) == 0
    captured = capsys.readouterr()
    cases = json.loads(captured.out)["cases"]
    assert [(case["file"], case["case"], case["verdict"]) for case in cases] == [
        ("coin.yaml", "random", "passed"),
        ("details.yaml", "default", "passed"),
        ("failing.yaml", "no-retry-needed", "passed"),
        ("failing.yaml", "one-retry", "passed"),
        ("failing.yaml", "retries-used-up", "passed"),
        ("guarded.yaml", "with-secret", "passed"),
        ("hand/container.yaml", "read", "skipped"),
        ("hand/imported.yaml", "default", "passed"),
        ("hand/invalid.yaml", "rejected", "passed"),
        ("values.yaml", "all-keys", "passed"),
    ]
    assert all(set(case) == {"file", "case", "verdict", "reason"} for case in cases)
    assert captured.err.splitlines()[-1] == "9 passed, 0 failed, 1 skipped"


def test_one_failure_is_exit_code_one_with_its_reason(
    corpus_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "corpus"
    shutil.copytree(corpus_folder, folder)
    text = (folder / "expected.json").read_text("utf-8")
    (folder / "expected.json").write_text(text.replace('"<vision>"', '"<speech>"').replace('"gs://"', '"s3://"'))
    shutil.copy(folder / "values.yaml", folder / "hand" / "invalid.yaml")
    only = ["--only", "details*", "--only", "hand/*"]
    assert run_command_line(["conformance", str(folder), *only]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "        outputs.label: expected '<speech>', got '<vision>'" in lines
    assert any(
        line.startswith("        tasks.importer.artifacts.artifact.uri: expected $starts_with") for line in lines
    )
    assert "        expected a refusal (a component is missing), and it was accepted" in lines
    assert [line for line in lines if line.startswith("skipped")]


@pytest.mark.slow
def test_milonga_passes_the_shared_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    default = Path(__file__).parents[2].parent / "shared" / "conformance"
    folder = Path(os.environ.get("MILONGA_CONFORMANCE") or default)
    if not (folder / "expected.json").is_file():
        pytest.skip(f"there is no corpus in {folder}; MILONGA_CONFORMANCE names another folder")
    pytest.importorskip("kfp", reason="its components run through kfp's executor")
    code = run_command_line(["conformance", str(folder), "--json"])
    cases = json.loads(capsys.readouterr().out)["cases"]
    assert [case for case in cases if case["verdict"] == "failed"] == []
    assert code == 0
    assert sum(case["verdict"] == "passed" for case in cases) >= 70
