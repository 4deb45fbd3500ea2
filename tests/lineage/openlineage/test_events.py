"""Recorded runs as OpenLineage events: of the form that the specification has, and always the same."""

from __future__ import annotations

import datetime
import json
import os
import re
import uuid
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from referencing import Registry, Resource

from milonga.compiler.documents import load_graph
from milonga.lineage import ArtifactRecord, LineageStore, RunRecord, TaskRecord
from milonga.lineage.openlineage import ExportedRun, event_lines, events_of

SPECIFICATION = os.environ.get("MILONGA_OPENLINEAGE_SPEC", "")
"""The folder `spec` of the OpenLineage repository, to validate against the published schemas themselves."""

OWN = Path(__file__).parents[3] / "src/milonga/lineage/openlineage/facets.json"

FLOW = """
import milonga as ml
from milonga import Dataset, Model, component, pipeline


@component
def clean(raw: Dataset) -> Dataset:
    '''Strip what is around the table.'''
    table = Dataset.create_file(metadata={"columns": ["height", "weight"], "odd": "\\ud800 {}"})
    table.write_text(raw.read_text().strip())
    return table


@component
def train(table: Dataset, rate: float) -> Model:
    if rate > 1:
        raise ValueError("too fast: {rate}")
    model = Model.create_file()
    model.write_text(f"{rate}")
    return model


@pipeline
def fit(raw: Dataset, rates: list[float]) -> Dataset:
    '''Clean and train.'''
    table = clean(raw)
    with ml.ParallelFor(rates) as rate:
        train(table, rate)
    return table
"""


@pytest.fixture
def exported(play, author, home, tmp_path: Path):
    """Events of a run with these rates."""
    module = author(FLOW, file="fit.py")
    raw = tmp_path / "raw.txt"
    raw.write_text(" 1 2 3 ")

    def run(rates: list[float], **settings: Any) -> list[dict[str, Any]]:
        result = play(module.fit, {"raw": str(raw), "rates": rates}, **settings)
        return events_from(home, result.run_id)

    return run


def events_from(home: Path, run_id: str) -> list[dict[str, Any]]:
    store = LineageStore(home / "lineage.sqlite")
    run = store.run(run_id)
    assert run is not None
    graph = load_graph(home / "runs" / run_id / "pipeline.yaml")
    whole = ExportedRun(run, tuple(store.tasks(run_id)), graph)
    lines = list(event_lines(events_of([whole], store, namespace="lab", author_folder=home.parent)))
    again = list(event_lines(events_of([whole], store, namespace="lab", author_folder=home.parent)))
    store.close()
    assert lines == again and all("\n" not in line for line in lines)
    events = [json.loads(line) for line in lines]
    for event in events:
        require_shape(event)
    return events


def require_shape(event: dict[str, Any]) -> None:
    """The rules of specification 2-0-2 for a run event, written down from it."""
    assert event["eventType"] in {"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"}
    assert datetime.datetime.fromisoformat(event["eventTime"]).utcoffset() == datetime.timedelta(0)
    assert uuid.UUID(event["run"]["runId"]).version == 5
    assert event["schemaURL"].endswith("OpenLineage.json#/$defs/RunEvent")
    facets = [*event["run"]["facets"].items(), *event["job"]["facets"].items()]
    for side, inner in (("inputs", "inputFacets"), ("outputs", "outputFacets")):
        for dataset in event[side]:
            facets += [*dataset["facets"].items(), *dataset.get(inner, {}).items()]
            assert dataset["namespace"] and dataset["name"]
            assert not ({"inputFacets", "outputFacets"} - {inner}) & set(dataset)
            address = dataset["facets"]["dataSource"]["uri"]
            assert urlsplit(address).scheme and re.fullmatch(r"[!-~]+", address), "a URI has no spaces and no umlauts"
    for name, facet in facets:
        assert urlsplit(facet["_producer"]).scheme == "https" and re.search(r"#/\$defs/\w+Facet$", facet["_schemaURL"])
        is_own = "openlineage.io" not in facet["_schemaURL"]
        assert is_own == name.startswith("milonga_"), "facets of our own have our name in front"
    for part in (event["producer"], event["schemaURL"]):
        assert urlsplit(part).scheme == "https"


def kinds(events: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    return Counter((event["job"]["name"], event["eventType"]) for event in events)


def test_a_run_and_each_of_its_tasks_start_and_complete(exported) -> None:
    events = exported([0.5, 0.25])
    assert kinds(events) == {
        **{("fit", "START"): 1, ("fit", "COMPLETE"): 1, ("fit.clean", "START"): 1, ("fit.clean", "COMPLETE"): 1},
        **{("fit.for-loop-1", "START"): 1, ("fit.for-loop-1", "COMPLETE"): 1},
        **{("fit.for-loop-1.train", "START"): 2, ("fit.for-loop-1.train", "COMPLETE"): 2},
    }
    runs = {event["run"]["runId"] for event in events}
    assert len(runs) == 5, "iterations are runs of one job"
    seen: set[str] = set()
    for event in events:
        assert (event["eventType"] == "START") == (event["run"]["runId"] not in seen), "a START first, one of them"
        seen.add(event["run"]["runId"])
    times = [event["eventTime"] for event in events]
    assert times == sorted(times)


def test_what_a_task_made_is_the_data_set_that_the_next_one_took(exported) -> None:
    events = exported([0.5])
    ended = {event["job"]["name"]: event for event in events if event["eventType"] == "COMPLETE"}
    (made,) = ended["fit.clean"]["outputs"]
    (taken,) = ended["fit.for-loop-1.train"]["inputs"]
    assert (made["namespace"], made["name"]) == (taken["namespace"], taken["name"]) == ("lab", "fit.clean.Output")
    assert made["facets"]["version"] == taken["facets"]["version"]
    assert [field["name"] for field in made["facets"]["schema"]["fields"]] == ["height", "weight"]
    assert made["facets"]["lifecycleStateChange"]["lifecycleStateChange"] == "CREATE"
    (raw,) = ended["fit.clean"]["inputs"]
    assert raw["namespace"] == "file" and raw["name"].endswith("/raw.txt")
    assert ended["fit.clean"]["job"]["facets"]["documentation"]["description"] == "Strip what is around the table."
    assert ended["fit"]["job"]["facets"]["documentation"]["description"] == "Clean and train."


def test_parents_lead_from_a_task_through_its_group_to_the_run(exported) -> None:
    events = exported([0.5])
    by_name = {event["job"]["name"]: event for event in events}
    parent = by_name["fit.for-loop-1.train"]["run"]["facets"]["parent"]
    assert parent["job"]["name"] == "fit.for-loop-1"
    assert parent["run"]["runId"] == by_name["fit.for-loop-1"]["run"]["runId"]
    assert parent["root"]["run"]["runId"] == by_name["fit"]["run"]["runId"]
    assert "parent" not in by_name["fit"]["run"]["facets"]


def test_a_failure_has_its_message_and_its_lines(exported) -> None:
    events = exported([2.0])
    failed = {event["job"]["name"]: event for event in events if event["eventType"] == "FAIL"}
    assert set(failed) == {"fit", "fit.for-loop-1", "fit.for-loop-1.train"}
    error = failed["fit.for-loop-1.train"]["run"]["facets"]["errorMessage"]
    assert error["message"] == "E410: ValueError: too fast: {rate}" and "in train" in error["stackTrace"]
    assert failed["fit.for-loop-1.train"]["outputs"] == []


def test_a_hit_of_the_cache_is_told_as_one(exported) -> None:
    first, second = exported([0.5]), exported([0.5])
    task = next(event for event in second if event["job"]["name"] == "fit.clean")
    assert task["run"]["facets"]["milonga_task"]["cached"] is True
    assert not {event["run"]["runId"] for event in first} & {event["run"]["runId"] for event in second}


def test_a_run_that_was_cut_off_has_a_start_and_one_that_was_ended_an_abort(tmp_path: Path) -> None:
    store = LineageStore(tmp_path / "lineage.sqlite")
    task = TaskRecord("20260101-a", "work", "RUNNING", started_at=5.0)
    for state, ended, expected in (
        ("RUNNING", None, ["START", "START"]),
        ("CANCELLED", 9.0, ["START", "START", "ABORT", "ABORT"]),
    ):
        run = RunRecord("20260101-a", "p", "d", state, 4.0, ended)  # type: ignore[arg-type]
        events = events_of([ExportedRun(run, (task,))], store, namespace="n", author_folder=tmp_path)
        assert [event["eventType"] for event in events] == expected
    store.close()


def test_a_clock_that_was_set_back_ends_nothing_before_it_began(tmp_path: Path) -> None:
    store = LineageStore(tmp_path / "lineage.sqlite")
    run = RunRecord("20260101-a", "p", "d", "SUCCEEDED", 100.0, 50.0)
    task = TaskRecord("20260101-a", "work", "SUCCEEDED", started_at=101.0, ended_at=40.0)
    events = events_of([ExportedRun(run, (task,))], store, namespace="n", author_folder=tmp_path)
    store.close()
    for name in ("p", "p.work"):
        begun, ended = (event["eventTime"] for event in events if event["job"]["name"] == name)
        assert begun <= ended


def test_numbers_that_json_does_not_know_and_names_with_anything_in_them(tmp_path: Path) -> None:
    store = LineageStore(tmp_path / "lineage.sqlite")
    odd = "a b/'\"{{$}}\n[0]"
    record = ArtifactRecord(odd, "system.Model", "relative path/ü", "ab" * 32, 3, {"loss": float("nan"), "columns": 7})
    run = RunRecord("20260101-a", odd, "d", "SUCCEEDED", 1.0, 2.0, {"x": float("inf")}, source="no/such file.py:x")
    task = TaskRecord(
        "20260101-a",
        odd,
        "SUCCEEDED",
        started_at=1.0,
        ended_at=2.0,
        inputs={odd: float("nan")},
        input_artifacts={odd: ((record,), ())},
        output_artifacts={odd: record},
    )
    events = events_of([ExportedRun(run, (task,))], store, namespace="n", author_folder=tmp_path)
    store.close()
    for line in event_lines(events):
        require_shape(json.loads(line))
        validated(json.loads(line))


def test_events_hold_to_the_published_schemas_and_to_our_own(exported) -> None:
    for event in [*exported([0.5, 2.0]), *exported([0.5])]:
        validated(event)


def validated(event: dict[str, Any]) -> None:
    """Our own facets against our own schema; the rest too, where the published schemas are at hand."""
    registry = registered()
    check = jsonschema.FormatChecker()
    if SPECIFICATION:
        schema = {"$ref": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"}
        jsonschema.Draft202012Validator(schema, registry=registry, format_checker=check).validate(event)
    own = json.loads(OWN.read_text("utf-8"))["$defs"]
    facets = [*event["run"]["facets"].values(), *event["job"]["facets"].values()]
    for dataset in (*event["inputs"], *event["outputs"]):
        for part in ("facets", "inputFacets", "outputFacets"):
            facets += dataset.get(part, {}).values()
    for facet in facets:
        address, _, name = facet["_schemaURL"].partition("#/$defs/")
        if "openlineage.io" not in address:
            schema = {key: value for key, value in own[name].items() if key != "allOf"}
            jsonschema.Draft202012Validator(schema).validate(facet)
        elif SPECIFICATION:
            reference = {"$ref": facet["_schemaURL"]}
            jsonschema.Draft202012Validator(reference, registry=registry, format_checker=check).validate(facet)


def registered() -> Any:
    if not SPECIFICATION:
        return Registry()
    folder = Path(SPECIFICATION)
    documents = [
        json.loads(path.read_text("utf-8")) for path in (folder / "OpenLineage.json", *folder.glob("facets/*.json"))
    ]
    return Registry().with_resources((document["$id"], Resource.from_contents(document)) for document in documents)


def test_the_published_schemas_are_used_where_they_are() -> None:
    if not SPECIFICATION:
        pytest.skip("MILONGA_OPENLINEAGE_SPEC names no folder with the specification")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(
            {"$ref": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"}, registry=registered()
        ).validate({"eventTime": "now"})
