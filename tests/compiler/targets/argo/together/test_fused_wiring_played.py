"""What goes in and out of a shared pod: contents, importers, gathered lists, skipped members, ends."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fused_play import ForkedArgo, Played, assert_same, played

import milonga as ml
from milonga import Dataset, component, pipeline
from milonga.compiler.graph.together import marks_of, with_marks
from milonga.compiler.passes.fusion import Fuse
from milonga.compiler.trace.tracer import trace

Play = Callable[..., Played]


@component
def make(text: str) -> Dataset:
    made = Dataset.create_file()
    made.write_text(text)
    return made


@component
def say(text: str) -> str:
    return text


@component
def fail(text: str) -> str:
    raise RuntimeError(text)


@component
def append(data: Dataset) -> str:
    with open(data.path, "a", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write("+")
    return data.read_text()


@component
def append_and_fail_once(data: Dataset, flag: str) -> str:
    import os

    with open(data.path, "a", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write("+")
    if not os.path.exists(flag):  # noqa: PTH110
        with open(flag, "w", encoding="utf-8"):  # noqa: PTH123
            raise RuntimeError("the first attempt fails")
    return data.read_text()


@component
def length_twice(data: Dataset, number: int) -> str:
    import time

    first = len(data.read_text())
    time.sleep(0.01)
    return f"{first} {len(data.read_text())}"


@component
def texts_of(data: list[Dataset], number: int) -> str:
    return ",".join(one.read_text() for one in data)


@component
def different(texts: list[str]) -> list[str]:
    return sorted(set(texts))


@component
def write_at(path: str) -> str:
    with open(path, "w", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write("hello")
    return path


@component
def read_both(data: Dataset, path: str) -> str:
    return f"{data.read_text()} {len(path) > 0}"


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def done(made: Any, given: dict[str, Any] | None = None, marks: Any = None) -> Played:
        graph = trace(made).graph
        graph = Fuse().run(graph) if marks is None else with_marks(graph, marks)
        return played(graph, tmp_path / f"cluster-{len(list(tmp_path.iterdir()))}", given, kind=ForkedArgo)

    return done


# Contents ----------------------------------------------------------------------------------------------------------


@pipeline
def two_that_write_to_their_input() -> list[str]:
    data = make("a")
    first = append.options(name="first")(data)
    second = append.options(name="second", after=first)(data)
    return two(first, second)


@component
def two(a: str, b: str) -> list[str]:
    return [a, b]


@pytest.mark.parametrize(
    "names", [("first", "second"), ("make", "first", "second"), ("make", "first", "second", "two")]
)
def test_a_task_that_writes_to_its_input_is_seen_by_no_other(names: tuple[str, ...], play: Play) -> None:
    run = play(two_that_write_to_their_input, marks={"root": dict.fromkeys(names, "g")})
    assert run.phase == "Succeeded", run.log
    assert run.results == {"Output": ["a+", "a+"]}


@pipeline
def writes_to_its_input_and_fails_once(flag: str) -> str:
    return append_and_fail_once.options(retries=1, backoff_s=0.01)(make("a"), flag)


@pytest.mark.parametrize("names", [("make", "append-and-fail-once"), ("append-and-fail-once",)])
def test_a_repeated_attempt_sees_its_inputs_as_they_were(names: tuple[str, ...], play: Play, tmp_path: Path) -> None:
    marks = {"root": dict.fromkeys(names, "g")}
    run = play(writes_to_its_input_and_fails_once, {"flag": str(tmp_path / "flag")}, marks)
    assert run.results == {"Output": "a+"}, run.log


@pipeline
def many_read_an_input_of_the_pipeline(data: Dataset) -> list[str]:
    with ml.ParallelFor(list(range(20))) as number:
        made = length_twice(data, number)
    return different(ml.Collected(made))


@pytest.mark.slow
def test_many_read_an_artifact_that_came_with_the_run(play: Play) -> None:
    """Each attempt unpacks it for itself: no other sees half of it."""
    given = {"data": {"content": base64.b64encode(b"x" * 60_000).decode()}}
    run = play(many_read_an_input_of_the_pipeline, given)
    assert run.results == {"Output": ["60000 60000"]}, run.log
    assert len(run.pods) == 1


@pipeline
def many_read_what_a_loop_outside_has_made() -> list[str]:
    with ml.ParallelFor(["a", "b", "c"]) as text:
        data = make(text)
    with ml.ParallelFor(list(range(8))) as number:
        made = texts_of(ml.Collected(data), number)
    return different(ml.Collected(made))


@pytest.mark.slow
def test_many_read_what_a_loop_outside_of_the_pod_has_made(play: Play) -> None:
    run = play(many_read_what_a_loop_outside_has_made, marks={"root": {"for-loop-2": "g", "different": "g"}})
    assert run.results == {"Output": ["a,b,c"]}, run.log
    assert len(run.pods) == 4


# Importers ---------------------------------------------------------------------------------------------------------


@pipeline
def an_importer_between(path: str) -> str:
    written = write_at(path)
    return read_both(ml.importer(written, Dataset), written)


def test_an_importer_between_tasks_of_a_pod_is_in_it(play: Play, tmp_path: Path) -> None:
    """Outside of it, it would wait for the pod, and the pod for it."""
    graph = Fuse().run(trace(an_importer_between).graph)
    assert marks_of(graph) == {"root": {"importer": "pod-1", "read-both": "pod-1", "write-at": "pod-1"}}
    run = play(an_importer_between, {"path": str(tmp_path / "it.txt")})
    assert run.results == {"Output": "hello True"}, run.log


@component
def is_large(number: int) -> bool:
    return number > 3


@pipeline
def skipped_members(number: int) -> list[str]:
    with ml.ParallelFor([1, 2, 3]) as item:
        with ml.If(item == number):
            one = say("one")
        with ml.Else():
            other = say("other")
        chosen = say.options(name="chosen")(ml.OneOf(one, other))
        with ml.If(chosen == "one"):
            found = say.options(name="found")("found")
    with ml.If(is_large(number) == True):  # noqa: E712
        say.options(name="large")("large")
    return different(ml.Collected(found))


@pytest.mark.slow
@pytest.mark.parametrize("number", [2, 5])
@pytest.mark.parametrize("seed", range(3))
def test_what_waits_outside_for_a_skipped_member_is_skipped(number: int, seed: int, play: Play, tmp_path: Path) -> None:
    from fused_play import partly_marked

    graph = trace(skipped_members).graph
    alone = played(graph, tmp_path / "alone", {"number": number}, kind=ForkedArgo)
    assert alone.results == {"Output": ["found"] if number == 2 else []}
    marked, marks = partly_marked(graph, 40 + seed)
    fused = played(marked, tmp_path / "fused", {"number": number}, kind=ForkedArgo)
    assert_same(alone, fused, marks)


# Ends ----------------------------------------------------------------------------------------------------------------


@component
def note(path: str, status: ml.TaskFinalStatus) -> None:
    with open(path, "a", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write(f"{status.state} {status.pipeline_task_name};")


@pipeline
def inner_ends(path: str, text: str) -> None:
    with ml.ExitHandler(note, path):
        say(text)
        with ml.If(text == "bad"):
            fail(text)


@pipeline
def ends_inside_of_ends(path: str, text: str) -> None:
    with ml.ExitHandler(note.options(name="outer-note"), path):
        inner_ends(path, text)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["good", "bad"])
@pytest.mark.parametrize("marks", [None, {"comp-inner-ends": {"exit-handler-1": "g", "note": "g"}}, {"root": {}}])
def test_final_statuses_are_the_same_across_pipelines(text: str, marks: Any, play: Play, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    run = play(ends_inside_of_ends, {"path": str(path), "text": text}, marks)
    state = "SUCCEEDED" if text == "good" else "FAILED"
    assert run.phase == ("Succeeded" if text == "good" else "Failed"), run.log
    assert path.read_text() == f"{state} exit-handler-1;{state} exit-handler-1;"
