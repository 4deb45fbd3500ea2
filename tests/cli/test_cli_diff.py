"""`milonga diff`: two pipelines, files or runs, as words, as JSON and as an exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BEFORE = """
    import milonga as ml
    from milonga import component, pipeline
    import rates

    @component(memory="2Gi")
    def train(rows: int, *, epochs: int = 10) -> float:
        return rows * epochs * rates.rate() / 100

    @component
    def deploy(score: float) -> None:
        print(score)

    @pipeline
    def retrain(rows: int = 3, limit: float = 0.5) -> float:
        score = train(rows, epochs=20)
        with ml.If(score >= limit):
            deploy(score)
        return score
"""
CHANGES = {"2Gi": "4Gi", "epochs=20": "epochs=30", "return rows *": "rows += 1\n        return rows *"}


def changed(**more: str) -> str:
    text = BEFORE
    for old, new in {**CHANGES, **more}.items():
        text = text.replace(old, new)
    return text


def two_versions(command):
    """Two versions of one project, each with a module of the same name."""
    for folder, text, rate in (("old", BEFORE, 2), ("new", changed(), 3)):
        command.write(f"{folder}/flow.py", text)
        command.write(f"{folder}/rates.py", f"def rate() -> int:\n    return {rate}\n")
    return command


@pytest.fixture
def both(milonga):
    return two_versions(milonga)


def test_what_differs_is_told_by_task_in_words(milonga):
    both = two_versions(milonga)
    ended = both("diff", "old/flow.py", "new/flow.py")
    assert ended.out.splitlines() == [
        "train",
        "  ~ code-changed  rates.py changed (+1 -1 lines)",
        "  ~ code-changed  code changed (+1 -0 lines)",
        "  ~ resource      memory 2Gi → 4Gi",
        "  ~ constant      epochs 20 → 30",
    ]
    assert (ended.code, ended.err) == (1, "4 differences in 1 place\n")


def test_the_code_is_shown_on_demand(both):
    lines = both("diff", "old/flow.py", "new/flow.py", "--code").out.splitlines()
    assert "      +    rows += 1" in lines and "      -    return 2" in lines and "      +    return 3" in lines


def test_the_same_is_nothing_on_stdout_and_zero(milonga):
    both = two_versions(milonga)
    assert both("compile", "old/flow.py", "-o", "flow.yaml").code == 0
    for pair in (("old/flow.py", "flow.yaml"), ("flow.yaml", "old/flow.py:retrain"), ("old/flow.py", "old/flow.py")):
        ended = both("diff", *pair)
        assert (ended.code, ended.out, ended.err) == (0, "", "no differences\n"), pair


@pytest.mark.slow
def test_json_is_one_document_for_a_program(both):
    ended = both("diff", "old/flow.py", "new/flow.py", "--json")
    document = ended.json
    assert ended.code == 1
    assert (document["before"], document["after"]) == ("old/flow.py", "new/flow.py")
    assert (document["compared"], document["equal"], document["counted"]) == ("pipelines", False, 4)
    memory = next(change for change in document["changes"] if change["what"] == "memory")
    assert memory == {
        "where": "train",
        "kind": "resource",
        "what": "memory",
        "before": "2Gi",
        "after": "4Gi",
        "text": "memory 2Gi → 4Gi",
        "quiet": False,
    }
    assert all("before" not in change for change in document["changes"] if change["kind"] == "code-changed")
    with_code = both("diff", "old/flow.py", "new/flow.py", "--json", "--code").json
    assert any("rows += 1" in change.get("after", "") for change in with_code["changes"] if change["after"])
    same = both("diff", "old/flow.py", "old/flow.py", "--json")
    assert same.code == 0 and same.json["equal"] and same.json["changes"] == []


def test_what_changes_no_meaning_is_told_and_ends_with_zero(milonga):
    both = two_versions(milonga)
    both.write("other/flow.py", BEFORE.replace("return rows *", "return  rows   *"))
    both.write("other/rates.py", "def rate() -> int:\n    return 2  # two\n")
    ended = both("diff", "old/flow.py", "other/flow.py")
    assert ended.out.splitlines()[1].startswith("  = code-layout")
    assert (ended.code, ended.err) == (0, "no differences, 2 more that change no meaning\n")


@pytest.mark.slow
def test_two_runs_are_compared(milonga):
    milonga.write("flow.py", BEFORE)
    milonga.write("rates.py", "def rate() -> int:\n    return 2\n")
    first = milonga("run", "flow.py", "--json").json["run_id"]
    second = milonga("run", "flow.py", "--rows", "5", "--json").json["run_id"]
    milonga.write("flow.py", changed())
    ended = milonga("diff", first, second, "--json")
    document = ended.json
    told = {(c["where"], c["kind"], c["text"]) for c in document["changes"] if not c["quiet"]}
    assert (ended.code, document["compared"], document["before"]) == (1, "runs", first)
    assert told == {
        ("run", "argument", "rows 3 → 5"),
        ("run", "result", "Output 1.2 → 2.0"),
        ("train", "output", "Output 1.2 → 2.0"),
    }
    assert milonga("diff", first[:-1], first).code == 0
    assert milonga("diff", first, "last", "--json").json["after"] == second
    assert milonga("diff", "last", second).code == 0
    several = milonga("diff", first[:8], second)
    assert several.code == 2 and "E953" in several.err
    mixed = milonga("diff", first, "flow.py")
    assert mixed.code == 1 and "memory 2Gi → 4Gi" in mixed.out and "argument" not in mixed.out
    (milonga.home / "runs" / first / "pipeline.yaml").unlink()
    gone = milonga("diff", first, second)
    assert gone.code == 2 and "E940" in gone.err and "Traceback" not in gone.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["old/flow.py"], "E900"),
        (["old/flow.py", "new/flow.py", "more"], "E900"),
        (["old/flow.py", "new/flow.py", "--cod"], "E900"),
        (["old/flow.py", "nothing"], "E908"),
        (["old/flow.py", "new/flow.py:nothing"], "E909"),
        (["old/flow.py:nothing", "new/flow.py"], "E909"),
        (["20260101-000000-000abcd", "new/flow.py"], "E905"),
        (["last", "new/flow.py"], "E905"),
        (["old/flow.py", "empty.yaml"], "E204"),
        (["old/flow.py", "garbage.yaml"], "E200"),
        (["broken.py", "old/flow.py"], "E163"),
        (["old/flow.py", "broken.py"], "E163"),
        (["dead.py", "old/flow.py"], "E942"),
        (["endless.yaml", "old/flow.py"], "E941"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_what_cannot_be_compared_ends_with_two_and_never_with_one(here, arguments, code):
    both = two_versions(here)
    both.write("empty.yaml", "")
    both.write("garbage.yaml", "a: [")
    both.write("broken.py", "def (")
    both.write("dead.py", "import os\nos._exit(5)\n")
    both.write("endless.yaml", ENDLESS)
    ended = both("diff", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert f"error {code}: " in ended.err and "Traceback" not in ended.err
    in_json = both("diff", *arguments, "--json")
    assert in_json.code == 2 and json.loads(in_json.out)["error"]["code"] == code
    assert not both.home.exists()  # looking makes nothing


ENDLESS = """
    pipelineInfo: {name: endless}
    root: {dag: {tasks: {a: {componentRef: {name: c}}}}}
    components: {c: {dag: {tasks: {b: {componentRef: {name: c}}}}}}
"""


@pytest.mark.slow
def test_colour_is_for_terminals_only(both):
    assert "\x1b[" not in both("diff", "old/flow.py", "new/flow.py").out
    reader, writer = os.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    command = [sys.executable, "-m", "milonga", "diff", "old/flow.py", "new/flow.py"]
    done = subprocess.run(
        command, cwd=both.folder, stdout=writer, stderr=subprocess.PIPE, env=environment, check=False, timeout=120
    )
    os.close(writer)
    shown = os.read(reader, 100_000).decode()
    os.close(reader)
    assert done.returncode == 1 and "\x1b[33m~\x1b[0m resource" in shown


def test_a_name_that_looks_like_a_run_may_be_a_file(both):
    assert both("compile", "old/flow.py", "-o", "20260101.yaml").code == 0
    assert both("diff", "20260101.yaml", "old/flow.py").code == 0


def test_the_verb_is_listed_with_its_exit_codes(here):
    assert "Compare two pipelines" in here("--help").out
    help_text = " ".join(here("diff", "--help").out.split())
    assert "0 when they mean the same, 1 when they differ, 2 when one cannot be read" in help_text


def test_files_of_the_catalogue_are_sources_as_everywhere(here):
    ended = here("diff", "image-classification", "image-classification")
    assert (ended.code, ended.out) == (0, "")
    assert not Path(here.home).exists()
