"""The program in a pod, run as a process with a bare Python: values, artifacts, loops, ends and failures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hostile_texts import TEXTS
from paper_argo import PaperArgo

import milonga as ml
from milonga import Dataset, Model, component, pipeline

Cluster = Callable[..., PaperArgo]


@component
def echo(text: str) -> str:
    return text


@component
def echo_list(texts: list[str]) -> list[str]:
    return texts


@component
def fail(message: str) -> Dataset:
    made = Dataset.create_file()
    made.write_text("half")
    raise RuntimeError(message)


@component
def leave() -> str:
    import sys

    sys.exit(0)


@component
def shown(number: int | None = 5, text: str | None = None, items: list[str] | None = None) -> str:
    return repr((number, text, items))


@pipeline
def hostile(texts: list[str], text: str) -> list[str]:
    echo(text)
    return echo_list(texts)


def test_hostile_texts_pass_through_a_run_as_data(cluster: Cluster) -> None:
    """An argument of a process has at most 128 KiB on Linux, whatever it is."""
    texts = [text for text in TEXTS if len(text) < 5_000]
    argo = cluster(hostile)
    run = argo.run({"texts": texts, "text": TEXTS[0]})
    assert run.phase == "Succeeded", run.log
    assert argo.results() == {"Output": texts} and len(texts) > 500


@pytest.mark.slow
@pytest.mark.parametrize("wanted", ["{{x}}", "it's", "null"])
def test_hostile_texts_are_elements_of_loops_and_sides_of_conditions(wanted: str, cluster: Cluster) -> None:
    texts = ["{{x}}", "it's", "$(HOME)", "\\u007b{{", "a\nb", "}}", "' or true or '", "null", "1", "💃"]

    @pipeline
    def looped(texts: list[str], wanted: str) -> list[str]:
        with ml.ParallelFor(texts) as text:
            with ml.If(text == wanted):
                made = echo(text)
        return echo_list(ml.Collected(made))

    argo = cluster(looped)
    run = argo.run({"texts": texts, "wanted": wanted})
    assert run.phase == "Succeeded", run.log
    assert argo.results() == {"Output": [wanted]}


@pipeline
def inputs(number: int | None = 7, text: str | None = None, items: list[str] = ["input", "x"]) -> str:  # noqa: B006
    return shown(number, text, items)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (7, None, ["input", "x"])),
        ({"number": 0, "text": "", "items": []}, (0, "", [])),
        ({"text": "{{workflow.name}}", "items": ["$(HOME)", "{{"]}, (7, "{{workflow.name}}", ["$(HOME)", "{{"])),
    ],
)
def test_inputs_of_the_pipeline_have_defaults(given: dict[str, Any], expected: Any, cluster: Cluster) -> None:
    argo = cluster(inputs)
    assert argo.run(given).phase == "Succeeded"
    assert argo.results() == {"Output": repr(expected)}


@pipeline
def plain(text: str, number: int = 1) -> str:
    return shown(number, text)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("hello", "hello"),
        ('"hello"', "hello"),
        ("it's", "it's"),
        ("5", "5"),
        ("1.10", "1.10"),
    ],
)
def test_a_person_may_leave_the_quotes_of_a_text_out(raw: str, text: str, cluster: Cluster) -> None:
    argo = cluster(plain)
    assert argo.run(raw={"text": raw}).phase == "Succeeded"
    assert argo.results() == {"Output": repr((1, text, None))}


class Pair(NamedTuple):
    data: Dataset
    model: Model


@component
def make_two(text: str) -> Pair:
    data = Dataset.create_file()
    data.write_text(text)
    data.metadata["length"] = len(text)
    model = Model.create()
    (model.path / "a").write_text(text)
    (model.path / "b").mkdir()
    (model.path / "b" / "c").symlink_to("../a")
    return Pair(data, model)


@component
def look(data: Dataset, model: Model) -> list[str]:
    return [data.read_text(), str(data.metadata["length"]), (model.path / "b" / "c").read_text(), data.name]


@pipeline
def artifacts(text: str) -> list[str]:
    made = make_two(text)
    return look(made.data, made.model)


def test_files_and_folders_reach_the_next_step_whole(cluster: Cluster) -> None:
    argo = cluster(artifacts)
    run = argo.run({"text": "it's"})
    assert run.phase == "Succeeded", run.log
    found = argo.results()["Output"]
    assert found[:3] == ["it's", "4", "it's"]


# Failures --------------------------------------------------------------------------------------------------------


@pipeline
def failing(message: str) -> Dataset:
    return fail(message)


def test_a_failed_task_leaves_nothing_in_the_store(cluster: Cluster) -> None:
    argo = cluster(failing)
    run = argo.run({"message": "on purpose"})
    assert run.phase == "Failed" and "RuntimeError: on purpose" in run.log
    assert not argo.bucket.exists(), "Argo stores outputs of failed containers as well"


@pipeline
def leaving() -> str:
    return leave()


def test_a_task_that_ends_the_process_has_failed(cluster: Cluster) -> None:
    argo = cluster(leaving)
    assert argo.run().phase == "Failed"
    assert argo.results() == {}


@component
def summarize(status: ml.TaskFinalStatus, text: str) -> str:
    return f"{status.state} {status.task_name} {status.error_message is None} {text}"


@component
def note(path: str, status: ml.TaskFinalStatus) -> None:
    with open(path, "a", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write(f"{status.state}|{status.error_message is None}")


@pipeline
def ends(path: str, message: str) -> None:
    with ml.ExitHandler(note, path):
        with ml.If(message != ""):
            fail(message)


@pytest.mark.parametrize(
    ("message", "written", "phase"), [("", "SUCCEEDED|True", "Succeeded"), ("x", "FAILED|False", "Failed")]
)
def test_an_exit_task_sees_how_its_tasks_ended(
    message: str, written: str, phase: str, cluster: Cluster, tmp_path: Path
) -> None:
    argo = cluster(ends)
    run = argo.run({"path": str(tmp_path / "status"), "message": message})
    assert run.phase == phase, run.log
    assert (tmp_path / "status").read_text() == written


# What Argo itself needs to know ----------------------------------------------------------------------------------


@component
def measure(text: str) -> int:
    return len(text)


@component
def words(text: str) -> list[str]:
    return text.split()


@component
def add(numbers: list[int]) -> int:
    return sum(numbers)


@pipeline
def decided(text: str) -> int:
    with ml.ParallelFor(words(text)) as word:
        length = measure(word)
        with ml.If(length > 2):
            kept = measure(word)
    return add(ml.Collected(kept))


@pytest.mark.parametrize(
    ("text", "total"), [pytest.param("a bbb cc dddd", 7, marks=pytest.mark.slow), ("a bbb", 3), ("a", 0), ("", 0)]
)
def test_skipped_iterations_and_empty_loops_are_left_out(text: str, total: int, cluster: Cluster) -> None:
    argo = cluster(decided)
    run = argo.run({"text": text})
    assert run.phase == "Succeeded", run.log
    assert argo.results() == {"Output": total}


@pipeline
def names_of_templates(n: int, i: int, items: int, t: int, c: int, k0: int) -> int:
    with ml.ParallelFor([1, 2]) as item:
        with ml.If((item < n) & (item < i) & (item < items) & (item < t) & (item < c) & (item < k0)):
            out = measure("ab")
    return add(ml.Collected(out))


def test_inputs_may_be_called_as_the_templates_call_theirs(cluster: Cluster) -> None:
    argo = cluster(names_of_templates)
    run = argo.run({"n": 3, "i": 3, "items": 3, "t": 3, "c": 3, "k0": 2})
    assert run.phase == "Succeeded", run.log
    assert argo.results() == {"Output": 2}


@component
def a_step_with_a_rather_long_name_that_goes_on_and_on(text: str) -> str:
    return text


@pipeline
def a_pipeline_inside_with_a_long_name(texts: list[str]) -> int:
    with ml.ParallelFor(texts) as text:
        made = a_step_with_a_rather_long_name_that_goes_on_and_on(text)
    with ml.ParallelFor(ml.Collected(made)) as other:
        length = measure(other)
    return add(ml.Collected(length))


@pipeline
def a_pipeline_around_it_with_a_long_name(texts: list[str]) -> int:
    return a_pipeline_inside_with_a_long_name(texts)


def test_pods_that_compute_for_argo_have_names_of_their_own(cluster: Cluster) -> None:
    @pipeline
    def outermost(texts: list[str]) -> int:
        return a_pipeline_around_it_with_a_long_name(texts)

    argo = cluster(outermost)
    run = argo.run({"texts": ["a", "bb"]})
    assert run.phase == "Succeeded", run.log
    assert argo.results() == {"Output": 3}
