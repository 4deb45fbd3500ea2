"""Every code has an explanation, and every example in one is true: the wrong one gives the code, the right one not."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from milonga.cli.main import run_command_line
from milonga.explanations import Example, explained_codes, explanation_of, explanations

ROOT = Path(__file__).resolve().parents[2]
WHO = {
    "the author of the component",
    "the author of the file",
    "the author of the pipeline",
    "the owner of the data",
    "whoever looks after this machine",
    "whoever runs the other system",
    "whoever starts the run",
    "milonga: please report it",
}
FILES = {
    "flow.py": "import milonga as ml\n\n\n@ml.component\ndef double(number: int) -> int:\n    return 2 * number\n\n\n"
    "@ml.pipeline\ndef numbers(number: int = 1) -> int:\n    return double(number)\n",
    "needs.py": "import milonga as ml\n\n\n@ml.component\ndef double(number: int) -> int:\n    return 2 * number\n\n\n"
    "@ml.pipeline\ndef numbers(number: int) -> int:\n    return double(number)\n",
}
"""What the commands in the texts work on."""


def cases(*languages: str) -> list[object]:
    return [
        pytest.param(explanation.code, example, id=f"{explanation.code}-{'wrong' if example.is_wrong else 'right'}")
        for explanation in explanations()
        for example in explanation.examples
        if example.language in languages
    ]


def made_codes() -> set[str]:
    """Every code that the source makes, as the generator of the reference finds them."""
    spec = importlib.util.spec_from_file_location("reference_errors", ROOT / "tools" / "reference_errors.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
        return set(module.raised_by_code(ROOT))
    finally:
        del sys.modules[spec.name]


def test_every_code_that_the_source_makes_is_explained_and_no_other() -> None:
    made, explained = made_codes(), set(explained_codes())
    assert sorted(made - explained) == [], "write them into src/milonga/explanations/"
    assert sorted(explained - made) == [], "nothing makes these any more"


def test_an_explanation_says_who_must_act_in_few_words() -> None:
    assert {explanation.who for explanation in explanations()} <= WHO


def test_related_codes_are_explained_and_are_not_the_code_itself() -> None:
    codes = set(explained_codes())
    wrong = {
        explanation.code: sorted(set(explanation.related) - codes)
        for explanation in explanations()
        if set(explanation.related) - codes or explanation.code in explanation.related
    }
    assert wrong == {}


def test_texts_are_short_sentences_without_a_machine_in_them() -> None:
    for explanation in explanations():
        for text in (explanation.means, explanation.why, explanation.mend):
            assert text.endswith(".") and 10 < len(text) < 600, (explanation.code, text)
        assert not explanation.title.endswith(".") and len(explanation.title) <= 70, explanation.code


def test_titles_tell_codes_apart() -> None:
    titles = [explanation.title for explanation in explanations()]
    assert sorted(title for title in set(titles) if titles.count(title) > 1) == []


def test_most_of_the_language_and_of_pipeline_files_has_an_example() -> None:
    wanted = [code for code in explained_codes() if code.startswith(("E10", "E11", "E12", "E13", "E14", "E16", "E20"))]
    without = [code for code in wanted if not (found := explanation_of(code)) or not found.wrong]
    assert len(wanted) > 40 and without == []


def called(folder: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MILONGA_HOME", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command_line(arguments)
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize(("code", "example"), cases("python", "yaml"))
def test_a_file_that_is_shown_is_what_it_is_shown_for(
    code: str, example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "example.py" if example.language == "python" else "example.yaml"
    (tmp_path / name).write_text(example.text, encoding="utf-8")
    out = called(tmp_path, ["check", name, "--json"], monkeypatch)[1]
    findings = json.loads(out)["findings"]
    codes = {finding["code"] for finding in findings}
    errors = {finding["code"] for finding in findings if finding["severity"] == "error"}
    if not example.needs_run:
        assert code in codes if example.is_wrong else not errors and code not in codes, codes
        return
    assert not errors, "the mistake shows before the pipeline runs"
    exit_code, out, err = called(tmp_path, ["run", name, "--json"], monkeypatch)
    assert (code in out and exit_code == 1) if example.is_wrong else exit_code == 0, err


@pytest.mark.parametrize(("code", "example"), cases("console"))
def test_a_command_that_is_shown_does_what_it_is_shown_for(
    code: str, example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    lines = example.text.splitlines()
    assert lines and all(line.startswith("$ ") for line in lines)
    *before, last = (line[2:] for line in lines)
    for command in before:
        subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, timeout=60)
    words = shlex.split(last)
    assert words[0] == "milonga"
    exit_code, out, err = called(tmp_path, words[1:], monkeypatch)
    assert (f"error {code}:" in out + err and exit_code == 2) if example.is_wrong else exit_code == 0, out + err
