"""`--fuse` and `together=`: which tasks share a pod, said on stderr, written into the file, shown by `show`."""

from __future__ import annotations

from typing import Any

import pytest

PIPELINES = """\
import milonga as ml
from milonga import component, pipeline


@component
def say(text: str) -> str:
    return text


@pipeline
def chain(text: str = "a") -> str:
    first = say.options(name="first")(text)
    second = say.options(name="second")(first)
    large = say.options(name="large", cpu="2")(second)
    with ml.ParallelFor(["a", "b"]) as item:
        inner = say.options(name="inner")(item)
        say.options(name="more")(inner)
    return large


@pipeline
def torn(text: str = "a") -> str:
    first = say.options(name="first", together="g")(text)
    second = say.options(name="second")(first)
    return say.options(
        name="third", together="g"
    )(second)


@pipeline
def unlike(text: str = "a") -> None:
    with ml.If(text == "a"):
        say.options(name="one", together="g")(text)
        say.options(name="two", together="g", image="python:3.12")(text)
"""


def _line(text: str) -> int:
    return next(number for number, line in enumerate(PIPELINES.splitlines(), 1) if text in line)


def test_what_is_fused_is_said_on_stderr_and_the_file_is_the_same_each_time(here: Any) -> None:
    here.write("p.py", PIPELINES)
    ended = [here("compile", "p.py:chain", "--target", "argo", "--fuse") for _ in range(2)]
    assert [one.code for one in ended] == [0, 0], ended[0].err
    assert ended[0].out == ended[1].out and "together" in ended[0].out
    groups = [line for line in ended[0].err.splitlines() if "share pod" in line]
    assert "root: first, for-loop-1, second share pod pod-1" in groups
    assert not any("large" in line for line in groups), "it asks for resources"
    alone = here("compile", "p.py:chain", "--target", "argo")
    assert alone.out != ended[0].out and "share pod" not in alone.err


def test_a_long_chain_is_not_named_step_by_step(here: Any) -> None:
    (here.folder / "many.py").write_text(
        "import milonga as ml\n\n\n@ml.component\ndef one(number: int) -> int:\n    return number\n\n\n"
        "@ml.pipeline\ndef many(number: int = 0) -> int:\n    for _ in range(210):\n        number = one(number)\n"
        "    return number\n"
    )
    alone = here("compile", "many.py:many", "--target", "argo")
    assert alone.code == 1 and "E316" in alone.err and "--fuse" in alone.err
    ended = here("compile", "many.py:many", "--target", "argo", "--fuse", "-o", "many.yaml")
    assert ended.code == 0, ended.err
    (group,) = [line for line in ended.err.splitlines() if "share pod" in line]
    assert "and 199 more share pod pod-1" in group and len(group) < 200


def test_marks_are_kept_in_a_file_for_kfp_and_fused_by_who_reads_it(here: Any) -> None:
    here.write("p.py", PIPELINES)
    assert here("compile", "p.py:torn", "-o", "torn.yaml").code == 0
    assert "third: g" in (here.folder / "torn.yaml").read_text()


@pytest.mark.parametrize("verb", [("compile", "p.py:chain", "--target", "kfp"), ("compile", "p.py:chain")])
def test_other_targets_have_no_pods_to_share(verb: tuple[str, ...], here: Any) -> None:
    here.write("p.py", PIPELINES)
    ended = here(*verb, "--fuse", "-o", "out.yaml")
    assert ended.code == 2 and "E958" in ended.err and "leave --fuse out" in ended.err
    assert not (here.folder / "out.yaml").exists()


@pytest.mark.parametrize(
    ("name", "code", "path", "at"),
    [("torn", "E362", "root/third", "return say.options("), ("unlike", "E361", "two", 'name="two"')],
)
def test_a_group_that_cannot_be_is_an_error_at_the_authors_line(
    name: str, code: str, path: str, at: str, here: Any
) -> None:
    here.write("p.py", PIPELINES)
    ended = here("check", f"p.py:{name}", "--target", "argo", "--json")
    assert ended.code == 1
    (found,) = [item for item in ended.json["findings"] if item["severity"] == "error"]
    assert found["code"] == code and found["path"].endswith(path) and found["line"] == _line(at)


def test_it_is_an_error_at_the_line_of_a_file_as_well(here: Any) -> None:
    here.write("p.py", PIPELINES)
    assert here("compile", "p.py:torn", "-o", "torn.yaml").code == 0
    ended = here("check", "torn.yaml", "--target", "argo", "--json")
    (found,) = [item for item in ended.json["findings"] if item["severity"] == "error"]
    lines = (here.folder / "torn.yaml").read_text().splitlines()
    assert found["code"] == "E362" and lines[found["line"] - 1].strip() == "third:"


def test_marks_of_another_form_are_refused_by_name(here: Any) -> None:
    here.write("p.py", PIPELINES)
    assert here("compile", "p.py:torn", "-o", "torn.yaml").code == 0
    text = (here.folder / "torn.yaml").read_text().replace("third: g", "third: [g]")
    (here.folder / "torn.yaml").write_text(text)
    for arguments in (("compile", "torn.yaml", "--target", "argo"), ("check", "torn.yaml", "--target", "argo")):
        ended = here(*arguments)
        assert ended.code == 1 and "E271" in ended.err + ended.out, ended


def test_show_says_which_tasks_share_a_pod_before_and_after(here: Any) -> None:
    here.write("p.py", PIPELINES)
    alone, fused = here("show", "p.py:chain"), here("show", "p.py:chain", "--fuse")
    assert (alone.code, fused.code) == (0, 0), fused.err
    assert "pod-1" not in alone.out + alone.err
    assert "pod-1" in fused.out
