"""The conformance page: what stands in it follows from the verdicts, and from nothing else."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from milonga.testing.conformance import Case, Corpus, PipelineFile, Verdict

pytest.importorskip("kfp", reason="kfp is not installed")

ROOT = Path(__file__).resolve().parents[2]

FILES = (
    PipelineFile("valid/b.yaml", (Case("one"), Case("two"))),
    PipelineFile("valid/a.yaml", (Case("only"),)),
    PipelineFile("invalid/none.yaml", rejected_because="it is empty"),
    PipelineFile("valid/cloud.yaml", not_runnable_because="needs a cloud"),
    PipelineFile("valid/cluster.yaml", not_runnable_because="needs a cluster"),
    PipelineFile("valid/cluster-2.yaml", not_runnable_because="needs a cluster"),
)

ENDED = "state: expected 'SUCCEEDED', got 'FAILED' (FileNotFoundError: '/tmp/tmp1/home/x-2026-01-01/out' is missing)"
UNNAMED = (
    "state: expected 'SUCCEEDED', got 'FAILED' (Pipeline 'p' finished with status FAILURE. Inner task failed: 'b'.)"
)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of tools/ that writes the page."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import conformance_rows

    yield conformance_rows
    for name in ("conformance_rows", "reference_text"):
        sys.modules.pop(name, None)


def verdicts_of(*changed: Verdict) -> list[Verdict]:
    """All is well, but for what is changed."""
    fine = [Verdict(item.file, case.id, "passed", "", 1.0) for item in FILES for case in item.cases]
    fine += [Verdict(item.file, "rejected", "passed") for item in FILES if item.rejected_because]
    fine += [Verdict(item.file, "read", "skipped", "x") for item in FILES if item.not_runnable_because]
    replaced = {(verdict.file, verdict.case): verdict for verdict in changed}
    return [replaced.get((verdict.file, verdict.case), verdict) for verdict in fine]


def page(rows: ModuleType, theirs: Sequence[Verdict] = (), seed: int = 0) -> str:
    """The page of these verdicts, whatever the order of files."""
    files = list(FILES)
    random.Random(seed).shuffle(files)
    columns = []
    for backend, verdicts in (("milonga", verdicts_of()), ("kfp.local", verdicts_of(*theirs))):
        by_file = {item.file: tuple(found for found in verdicts if found.file == item.file) for item in files}
        columns.append(rows.Column(backend, by_file))
    return str(rows.conformance_page(Corpus(Path("/somewhere"), tuple(files)), columns))


def row_of(text: str, start: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_files_and_cases_are_counted(rows: ModuleType) -> None:
    text = page(
        rows,
        [
            Verdict("valid/b.yaml", "two", "failed", "outputs.x: expected 1, got 1.0"),
            Verdict("valid/a.yaml", "only", "skipped", "it requires secrets, which the back end does not provide"),
            Verdict("invalid/none.yaml", "rejected", "failed", "expected a refusal"),
            Verdict("valid/cloud.yaml", "read", "failed", "E200: no pipeline"),
        ],
    )
    assert row_of(text, "**files that run here") == ["**2 of 2**", "**0 of 2**"]
    assert row_of(text, "cases of these files") == ["3 of 3", "1 of 3"]
    assert row_of(text, "cases not run") == ["0 of 3", "1 of 3"]
    assert row_of(text, "files that must be refused") == ["1 of 1", "0 of 1"]
    assert row_of(text, "files that do not run here") == ["3 of 3", "2 of 3"]
    assert row_of(text, "`a.yaml`") == [
        "1",
        "passed",
        "not run: it requires secrets, which the back end does not provide",
    ]
    assert row_of(text, "`b.yaml`") == ["2", "passed", "1 passed; two: **failed**: `outputs.x: expected 1, got 1.0`"]
    assert row_of(text, "`invalid/none.yaml`") == ["it is empty", "refused", "**failed**: `expected a refusal`"]
    assert row_of(text, "needs a cloud") == ["`cloud` (kfp.local: **failed**: `E200: no pipeline`)"]
    assert row_of(text, "needs a cluster") == ["`cluster-2`, `cluster`"]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (ENDED, "`FileNotFoundError: '…' is missing`"),
        (UNNAMED, "`ended FAILED`"),
        ("state: expected 'SUCCEEDED', got 'TIMED_OUT'", "`ended TIMED_OUT`"),
        ("outputs.x: expected 'a`b', got \"c\nd\"", "`outputs.x: expected 'a'b', got \"c`"),
        ("outputs.x: " + "y" * 400, "`outputs.x: " + "y" * 159 + "…`"),
        ("", "``"),
    ],
)
def test_a_difference_is_one_short_line_without_what_changes_from_run_to_run(
    rows: ModuleType, reason: str, said: str
) -> None:
    text = page(rows, [Verdict("valid/a.yaml", "only", "failed", reason)])
    assert row_of(text, "`a.yaml`")[-1] == f"**failed**: {said}"


def test_the_same_verdicts_give_the_same_bytes(rows: ModuleType) -> None:
    failed = [Verdict("valid/b.yaml", "two", "failed", ENDED, 3.0), Verdict("valid/a.yaml", "only", "failed", UNNAMED)]
    pages = {page(rows, failed, seed) for seed in range(10)}
    pages.add(page(rows, [Verdict(item.file, item.case, item.outcome, item.reason, 9.0) for item in failed]))
    assert len(pages) == 1
    assert "/tmp" not in pages.pop()


def test_the_page_in_the_documentation_is_of_the_installed_kfp() -> None:
    import importlib.metadata

    text = (ROOT / "docs" / "reference" / "conformance.md").read_text("utf-8")
    assert text.startswith("<!-- generated by tools/conformance_table.py")
    assert f"(kfp {importlib.metadata.version('kfp')}, " in text
    mine, *_ = row_of(text, "**files that run here")
    right, _, all_of_them = mine.strip("*").split()
    assert right == all_of_them and int(right) >= 60


# The tool itself ---------------------------------------------------------------------------------------------------

PIPELINE = """
from milonga import component, pipeline


@component
def double(number: int) -> int:
    return 2 * number


@pipeline
def twice(number: int = 21) -> int:
    return double(number)
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of the tool, which writes below its own folder, and a corpus of two files."""
    (tmp_path / "docs" / "reference").mkdir(parents=True)
    (tmp_path / "tools").mkdir()
    for name in ("conformance_table.py", "conformance_rows.py", "reference_text.py"):
        shutil.copy(ROOT / "tools" / name, tmp_path / "tools")
    folder = tmp_path / "corpus"
    folder.mkdir()
    (tmp_path / "double.py").write_text(PIPELINE)
    call(tmp_path, "-m", "milonga.cli", "compile", "double.py:twice", "-o", "corpus/twice.yaml", expected=0)
    (folder / "empty.yaml").write_text("")
    expect(folder, 42)
    index = [{"file": "empty.yaml", "must_be_rejected": True, "why": "there is no document"}]
    (folder / "index.json").write_text(json.dumps({"files": index}))
    return tmp_path


def expect(corpus: Path, output: int) -> None:
    case = {"id": "default", "state": "SUCCEEDED", "outputs": {"Output": output}}
    (corpus / "expected.json").write_text(json.dumps({"files": {"twice.yaml": {"cases": [case]}}}))


def call(site: Path, *command: str, expected: int) -> str:
    environment = {**os.environ, "MILONGA_HOME": str(site / "home")}
    done = subprocess.run(
        [sys.executable, *command], cwd=site, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_the_tool_writes_the_page_checks_it_and_refuses_to_write_what_milonga_misses(site: Path) -> None:
    tool, written = "tools/conformance_table.py", site / "docs" / "reference" / "conformance.md"
    assert "is out of date" in call(site, tool, "corpus", expected=1)
    assert not written.exists(), "looking writes nothing"
    told = call(site, tool, "corpus", "--write", expected=0)
    assert "milonga: passed twice.yaml [default]" in told and "kfp.local: passed empty.yaml [rejected]" in told
    page = written.read_bytes()
    assert b"| **files that run here, right in all their cases** | **1 of 1** | **1 of 1** |" in page
    assert str(site).encode() not in page
    assert "out of date" not in call(site, tool, "corpus", expected=0), "a second measurement gives the same bytes"
    expect(site / "corpus", 41)
    assert "twice.yaml [default]: failed, outputs.Output: expected 41, got 42" in call(
        site, tool, "corpus", "--write", expected=1
    )
    assert written.read_bytes() == page


@pytest.mark.parametrize("words", [(), ("a", "b"), ("--wirte",), ("nowhere",), ("nowhere", "--write")])
def test_a_call_that_means_nothing_is_one_message(site_without_corpus: Path, words: tuple[str, ...]) -> None:
    told = call(site_without_corpus, str(ROOT / "tools" / "conformance_table.py"), *words, expected=2)
    assert "Traceback" not in told
    assert told.startswith("usage: ") or "E916" in told


@pytest.fixture
def site_without_corpus(tmp_path: Path) -> Path:
    return tmp_path
