"""`milonga why`: for each way that a task may come to its result, the true reason."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from milonga.cli.main import run_command_line
from milonga.engine.cache.explanation import CAUSES

FLOW = """
    import os
    from milonga import Dataset, component, pipeline
    import milonga as ml
    {module}
    FACTOR = {factor}

    def helper(value):
        return value * FACTOR

    @component{options}
    def step(value: int, text: str = "a 'quoted' {{text}}") -> int:
        {uses}
        return helper(value){tail}

    @component
    def make(size: int) -> Dataset:
        made = Dataset.create_file(metadata={{"size": size}})
        made.write_text("x" * size)
        return made

    @component
    def length(data: Dataset) -> int:
        return len(data.path.read_text())

    @pipeline
    def p(value: int = 2, size: int = 3, items: list[int] = [1, 2]) -> int:
        length(make(size))
        with ml.ParallelFor(items) as item:
            {inner}
        return step(value)
"""
SAME = {
    "factor": "3", "options": "", "tail": "", "module": "", "uses": "pass", "inner": "make.options(cache=False)(item)"
}  # fmt: skip


class Questions:
    """A project whose pipeline is written again, run, and asked about."""

    def __init__(self, command: Any) -> None:
        self.command = command

    def run(self, *arguments: str, code: int = 0, **changes: str) -> dict[str, Any]:
        self.command.write("flow.py", FLOW.format(**{**SAME, **changes}))
        ended = self.command("run", "flow.py", "-q", "--json", *arguments)
        assert ended.code == code, ended.err
        return ended.json

    def why(self, task: str, run: str = "last") -> dict[str, Any]:
        ended = self.command("why", run, task, "--json")
        assert ended.code == 0, ended.err
        return ended.json

    def texts(self, task: str) -> list[str]:
        return [change["text"] for change in self.why(task)["differences"]]


@pytest.fixture
def ask(here: Any) -> Questions:
    return Questions(here)


def test_a_hit_names_its_maker(ask: Questions) -> None:
    first = ask.run()
    ask.run()
    found = ask.why("step")
    assert (found["verdict"], found["cause"], found["origin"]) == ("hit", "hit", f"{first['run_id']}/step")
    assert found["other"]["run_id"] == first["run_id"] and found["other"]["ended_at"] > 0
    text = ask.command("why", "last", "step").out
    assert "hit: the same work" in text and first["run_id"] in text
    assert ask.why("step", first["run_id"])["cause"] == "first"


@pytest.mark.parametrize(
    ("arguments", "changes", "expected"),
    [
        (["--value", "5"], {}, ["value 2 → 5"]),
        ([], {"factor": "4"}, ["FACTOR: FACTOR = 3 → FACTOR = 4"]),
        ([], {"tail": " + 0"}, ["step changed (+1 -1 lines)"]),
        ([], {"options": "(environment={'TOKEN': 'hunter2'})"}, ["variable TOKEN"]),
        ([], {"options": "(packages=['pyyaml'])"}, ["environment"]),
        ([], {"options": "(cache_key='v1')"}, ["cache key v1 (none before)"]),
    ],
    ids=["parameter", "constant", "code", "variable", "packages", "custom key"],
)
def test_a_miss_says_what_changed(
    ask: Questions, arguments: list[str], changes: dict[str, str], expected: list[str]
) -> None:
    first = ask.run()
    ask.run(*arguments, **changes)
    found = ask.why("step")
    assert (found["verdict"], found["cause"]) == ("miss", "changed")
    assert found["other"] == {"run_id": first["run_id"], "task": "step", "ended_at": found["other"]["ended_at"]}
    texts = [change["text"] for change in found["differences"]]
    assert len([text for text in texts if text.startswith(expected[0])]) == 1, texts
    text = ask.command("why", "last", "step", "--code").out
    assert "hunter2" not in text and expected[0].removeprefix("variable ") in text


def test_a_changed_module_is_named(ask: Questions) -> None:
    uses = {"module": "from flow_helpers import twice", "uses": "value = twice(value)"}
    for tail in ("", " + 1"):
        ask.command.write("flow_helpers.py", f"def twice(value):\n    return 2 * value{tail}\n\n\nUNUSED = 1\n")
        ask.run(**uses)
    (change,) = ask.why("step")["differences"]
    assert (change["kind"], change["what"]) == ("code-changed", "flow_helpers.py: twice")
    assert "+    return 2 * value + 1" in ask.command("why", "last", "step", "--code").out


def test_changed_content_of_an_input_is_told_by_digest_and_metadata(ask: Questions) -> None:
    ask.run()
    ask.run("--size", "4")
    assert ask.texts("make") == ["size 3 → 4"]
    first, second = ask.texts("length")
    assert first.startswith("data system.Dataset ") and first.endswith(" (4 bytes)") and second == "data.size 3 → 4"


def test_a_result_that_is_gone_expired_cleared_or_not_wanted_is_told_apart(ask: Questions) -> None:
    first = ask.run()
    shutil.rmtree(Path(first["tasks"]["make"]["artifacts"]["Output"]["uri"]).parent)
    ask.run()
    assert ask.why("make")["cause"] == "damaged" and ask.why("make")["origin"] == f"{first['run_id']}/make"
    ask.run("--cache-max-age", "0s")
    assert ask.why("make")["cause"] == "expired"
    assert ask.command("cache", "clear").code == 0
    ask.run()
    assert ask.why("make")["cause"] == "evicted" and ask.why("make")["verdict"] == "miss"
    ask.run("--no-cache")
    assert ask.why("make")["cause"] == "ignored"


def test_what_the_cache_has_nothing_to_do_with_is_said(ask: Questions) -> None:
    broken = "(cache=False)"
    ask.run(options=broken)
    assert (ask.why("step")["verdict"], ask.why("step")["cause"]) == ("none", "off")
    assert ask.why("for-loop-1")["cause"] == "group"
    ask.run()
    assert ask.why("step")["cause"] == "not-kept"
    ask.run(tail=" / 0", code=1)
    assert ask.why("step")["cause"] == "changed"


def test_a_failure_before_is_the_reason(ask: Questions) -> None:
    ask.run(tail=" / 0", code=1)
    assert ask.why("step")["cause"] == "first"
    ask.run()
    assert ask.why("step")["cause"] == "failed-before"


def test_iterations_are_compared_with_what_is_most_alike(ask: Questions) -> None:
    ask.run("--items", "[7]", inner="make(item)")
    ask.run("--items", "[7, 8]", inner="make(item)")
    assert ask.why("for-loop-1[0]/make-2")["cause"] == "hit"
    assert ask.texts("for-loop-1[1]/make-2") in (["size 7 → 8"], ["size 3 → 8"])


def test_without_the_pipelines_the_digests_tell(ask: Questions) -> None:
    first = ask.run()
    ask.run(factor="9")
    (ask.command.home / "runs" / first["run_id"] / "pipeline.yaml").unlink()
    (change,) = ask.why("step")["differences"]
    assert change["kind"] == "code" and "→" in change["text"]


HOSTILE = """
    from milonga import component, pipeline

    @component
    def step(text: str) -> int:
        return len(text)

    @pipeline
    def p(text: str) -> int:
        return step(text)
"""


def test_hostile_and_large_values_are_shown_as_text_and_cut(here: Any) -> None:
    here.write("flow.py", HOSTILE)
    texts = ["\x1b[31m{{$.x}} 'quoted\" \n ${HOME}", "y" * 300_000]
    for number, text in enumerate(texts):
        here.write(f"{number}.json", json.dumps({"text": text}))
        assert here("run", "flow.py", "-q", "--args", f"{number}.json").code == 0
    shown = here("why", "last", "step").out
    assert "\x1b" not in shown and len(shown) < 1000 and shown.count("\n") == 4
    (change,) = here("why", "last", "step", "--json").json["differences"]
    assert json.loads(change["before"]) == texts[0] and change["after"] == '"' + "y" * 1999 + "…"


@pytest.mark.parametrize(("arguments", "code"), [(["last", "step"], "E905"), (["2020", "x"], "E905")])
def test_what_does_not_exist_is_refused(here: Any, arguments: list[str], code: str) -> None:
    ended = here("why", *arguments, "--json")
    assert ended.code == 2 and ended.json["error"]["code"] == code and not here.home.exists()


def test_a_misspelt_task_gets_a_hint(ask: Questions) -> None:
    ask.run()
    ended = ask.command("why", "last", "stepp", "--json")
    assert ended.code == 2 and ended.json["error"]["code"] == "E913" and "step" in ended.json["error"]["hint"]


def test_every_cause_is_one_sentence() -> None:
    assert all(text and text[0].islower() and not text.endswith(".") for text in CAUSES.values())
    assert run_command_line(["why", "--help"]) == 0
