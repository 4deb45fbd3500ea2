"""`milonga lineage`: what it takes, what it prints, what it exports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FLOW = """
import milonga as ml
from milonga import Dataset, Model, component, pipeline


@component
def clean(raw: Dataset) -> Dataset:
    table = Dataset.create_file()
    table.write_text(raw.read_text().strip())
    return table


@component
def tune(table: Dataset) -> float:
    return 0.25


@component
def train(table: Dataset, rate: float) -> Model:
    model = Model.create_file(metadata={"rate": rate})
    model.write_text(f"{rate}")
    return model


@pipeline
def fit(raw: Dataset) -> Model:
    table = clean(raw)
    return train(table, tune(table))
"""


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory, command_line_in):
    """A command line whose folder has an ended run; tests only read it."""
    command = command_line_in(tmp_path_factory.mktemp("fitted"))
    command.write("fit.py", FLOW)
    command.write("raw file.txt", "1 2 3\n")
    ended = command("run", "fit.py", "--raw", "raw file.txt", "--quiet")
    assert ended.code == 0, ended.err
    return command


def test_an_artifact_is_named_in_many_ways(fitted) -> None:
    run = fitted("runs", "--json").json["runs"][0]["run_id"]
    model = fitted("show", run, "train", "--json").json["outputs"]["artifacts"]["Output"]
    names = [
        f"{run}/train.Output",
        "last/train.Output",
        "last/Output",
        model["digest"],
        model["digest"][:8],
        model["uri"],
    ]
    found = [fitted("lineage", name, "--json").json["nodes"] for name in names]
    assert all(nodes == found[0] for nodes in found)
    tasks = {node["path"]: node for node in found[0] if node["kind"] == "task"}
    assert set(tasks) == {"clean", "tune", "train"}
    assert tasks["train"]["parameters"] == {"rate": 0.25} and len(tasks["train"]["code"]) == 64
    assert tasks["train"]["pipeline"] == "fit" and len(tasks["train"]["pipeline_digest"]) == 64
    (source,) = [node for node in found[0] if node.get("source")]
    assert source["uri"] == str(fitted.folder / "raw file.txt")


def test_the_text_tells_each_thing_once(fitted) -> None:
    ended = fitted("lineage", "last/train.Output")
    assert ended.code == 0 and "3 tasks, 1 run, 3 artifacts" in ended.err
    text = ended.out
    assert text.splitlines()[0].startswith("● Output  system.Model  ")
    assert [text.count(name) for name in ("○ train", "○ clean", "○ tune gave rate")] == [1, 1, 1]
    assert "(see above)" in text and "rate = 0.25" in text and f"given: {fitted.folder / 'raw file.txt'}" in text


def test_down_from_a_file(fitted) -> None:
    document = fitted("lineage", "raw file.txt", "--down", "--json").json
    assert {node["path"] for node in document["nodes"] if node["kind"] == "task"} == {"clean", "tune", "train"}
    assert document["direction"] == "down"
    empty = fitted("lineage", "last/train.Output", "--down")
    assert empty.code == 0 and empty.out.count("\n") <= 3


def test_a_file_that_no_task_has_seen(fitted, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("never seen")
    ended = fitted("lineage", str(other))
    assert ended.code == 2 and "E952" in ended.err


def test_events_of_a_run_and_of_an_ancestry(fitted, tmp_path: Path) -> None:
    whole = [json.loads(line) for line in fitted("lineage", "--run", "last", "--openlineage").out.splitlines()]
    assert [event["eventType"] for event in whole].count("START") == 4 and len(whole) == 8
    part = [json.loads(line) for line in fitted("lineage", "last/clean.Output", "--openlineage").out.splitlines()]
    assert {event["job"]["name"] for event in part} == {"fit", "fit.clean"}
    file = tmp_path / "events.ndjson"
    ended = fitted("lineage", "--run", "last", "--openlineage", "-o", str(file), "--namespace", "lab")
    assert ended.code == 0 and ended.out == ""
    written = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert {event["job"]["namespace"] for event in written} == {"lab"} and len(written) == 8


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "E900"),
        (("last/nothing.Output",), "E913"),
        (("last/train.Outputt",), "expected: Output"),
        (("1999/train.Output",), "E905"),
        (("ffff0000ffff",), "E952"),
        (("--run", "last"), "E954"),
        (("last/train.Output", "--run", "last", "--openlineage"), "E954"),
        (("last/train.Output", "--json", "--openlineage"), "E954"),
        (("last/train.Output", "--output", "x"), "E954"),
        (("--run", "last", "--openlineage", "--output", "fit.py/x"), "E919"),
    ],
)
def test_wrong_words_are_one_clear_error(fitted, arguments: tuple[str, ...], said: str) -> None:
    ended = fitted("lineage", *arguments)
    assert ended.code == 2 and said in ended.err and "Traceback" not in ended.err


def test_looking_makes_nothing(here) -> None:
    for verb in (("lineage", "abcd"), ("replay", "last"), ("logs", "last"), ("show", "last")):
        assert here(*verb).code == 2
    assert list(here.folder.iterdir()) == []
