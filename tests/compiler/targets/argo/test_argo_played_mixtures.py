"""Constructs inside of each other: what comes out is what this machine's engine makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from paper_argo import PaperArgo

import milonga as ml
from milonga import Dataset, component, pipeline
from milonga.compiler.targets.argo import ArgoTarget
from milonga.compiler.trace.tracer import trace
from milonga.engine.progress import Silent


@component
def double(value: int) -> int:
    return value * 2


@component
def total(values: list[int]) -> int:
    return sum(values)


@component
def up_to(count: int) -> list[int]:
    return list(range(count))


@component
def echo(text: str) -> str:
    return text


@component
def joined(texts: list[str]) -> str:
    return "-".join(texts)


@component
def three(a: str, b: str, c: str = "") -> str:
    return repr((a, b, c))


@component
def twice(a: str, b: str) -> list[str]:
    return [a, b]


@component
def write(text: str) -> Dataset:
    made = Dataset.create_file()
    made.write_text(text)
    return made


@component
def read(data: Dataset) -> str:
    return data.read_text()


@component
def read_all(items: list[Dataset]) -> str:
    return ",".join(item.read_text() for item in items)


@component
def table(count: int) -> dict[str, Any]:
    return {"rows": [{"id": number, "names": [f"{number}{letter}" for letter in "ab"]} for number in range(count)]}


@pipeline
def gathered_inside_of_a_loop(count: int = 2) -> int:
    with ml.ParallelFor([1, 2]) as outer:
        with ml.ParallelFor(up_to(count)) as inner:
            made = double(inner)
        here = total(ml.Collected(made))
        with ml.If(here > outer):
            kept = double(here)
    return total(ml.Collected(kept))


@pipeline
def chosen(number: int) -> int:
    with ml.If(number > 1):
        large = double(number)
    with ml.Else():
        small = double(0)
    return ml.OneOf(large, small)


@pipeline
def a_choice_of_a_pipeline_decides(number: int = 3) -> str:
    made = chosen(number)
    with ml.If(made == 6):
        yes = echo("six")
    with ml.Elif(made == 0):
        zero = echo("zero")
    with ml.Else():
        no = echo("other")
    return ml.OneOf(yes, zero, no)


@pipeline
def pipelines_in_loops_in_pipelines(numbers: list[int]) -> int:
    with ml.ParallelFor(numbers) as number:
        made = chosen(number)
        with ml.ParallelFor(up_to(made)) as each:
            more = double(each)
        summed = total(ml.Collected(more))
    return total(ml.Collected(summed))


@pipeline
def all_of_it(count: int = 3) -> int:
    return pipelines_in_loops_in_pipelines(up_to(count))


@pipeline
def parts_of_items(count: int = 2) -> str:
    made = table(count)
    with ml.ParallelFor(made["rows"]) as row:
        with ml.ParallelFor(row["names"]) as name:
            with ml.If((row["id"] == 0) | (name == "1b")):
                text = echo(name)
        line = joined(ml.Collected(text))
    return joined(ml.Collected(line))


@pipeline
def artifacts_of_loops(words: list[str]) -> str:
    with ml.ParallelFor(words) as word:
        data = write(word)
        with ml.ParallelFor(["x", "y"]) as ending:
            with ml.If(word != ending):
                inner = write(ending)
        some = read_all(ml.Collected(inner))
    with ml.ParallelFor(ml.Collected(data)) as each:
        text = read(each)
    return three(joined(ml.Collected(some)), joined(ml.Collected(text)), read_all(ml.Collected(data)))


@pipeline
def chosen_artifact(which: str) -> Dataset:
    with ml.If(which == "a"):
        first = write("first")
    with ml.Else():
        second = write("second")
    return ml.OneOf(first, second)


@pipeline
def chosen_artifacts_of_a_loop(words: list[str]) -> str:
    with ml.ParallelFor(words) as word:
        made = chosen_artifact(word)
        text = read(made)
    return joined(ml.Collected(text))


@pipeline
def outer_items_inside(numbers: list[int]) -> int:
    with ml.ParallelFor(numbers) as outer:
        with ml.ParallelFor([1, 2, 3]) as inner:
            with ml.If(inner <= outer):
                with ml.If(inner != 2):
                    made = double(inner)
    lists = ml.Collected(made)
    return total_of(lists)


@component
def total_of(lists: list[list[int]]) -> int:
    return sum(map(sum, lists))


@pipeline
def texts_decide(texts: list[str], wanted: str = "it's {{x}} $(HOME)") -> str:
    with ml.ParallelFor(texts) as text:
        same = echo(text)
        with ml.If(same == wanted):
            made = echo(same)
        with ml.ParallelFor(twice(text, wanted)) as inner:
            one = echo(inner)
        both = joined(ml.Collected(one))
    return three(joined(ml.Collected(made)), joined(ml.Collected(both)))


CASES: list[tuple[Any, dict[str, Any]]] = [
    (gathered_inside_of_a_loop, {}),
    (gathered_inside_of_a_loop, {"count": 0}),
    (a_choice_of_a_pipeline_decides, {}),
    (a_choice_of_a_pipeline_decides, {"number": 1}),
    (a_choice_of_a_pipeline_decides, {"number": 7}),
    (all_of_it, {}),
    (all_of_it, {"count": 0}),
    (parts_of_items, {}),
    (artifacts_of_loops, {"words": ["x", "z"]}),
    (artifacts_of_loops, {"words": []}),
    (chosen_artifacts_of_a_loop, {"words": ["a", "b", "a"]}),
    (outer_items_inside, {"numbers": [0, 1, 3]}),
    (texts_decide, {"texts": ["it's {{x}} $(HOME)", "", "b\n"]}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("made", "given"), [pytest.param(*case, id=case[0].name) for case in CASES])
def test_it_makes_the_same_as_on_this_machine(made: Any, given: dict[str, Any], tmp_path: Path) -> None:
    here = ml.run(made, given, home=tmp_path / "home", jobs=2, mode="in-process", progress=Silent())
    argo = PaperArgo(tmp_path / "cluster", ArgoTarget().emit(trace(made).graph))
    run = argo.run(given)
    assert (run.phase == "Succeeded") is (here.state == "SUCCEEDED"), run.log
    assert argo.results() == here.outputs, run.log
