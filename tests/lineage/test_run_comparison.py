"""Two recorded runs, side by side."""

import json
from dataclasses import replace

import pytest

from milonga.compiler.graph import Graph
from milonga.lineage import ArtifactRecord, RunRecord, TaskRecord
from milonga.lineage.comparison import KINDS, RecordedRun, compare_runs

DOCUMENT = {
    "pipelineInfo": {"name": "p"},
    "root": {
        "dag": {
            "tasks": {
                "ingest": {"componentRef": {"name": "c"}},
                "for-loop-1": {"componentRef": {"name": "loop"}, "parameterIterator": {"items": {"raw": "[1, 2]"}}},
            }
        }
    },
    "components": {
        "c": {"executorLabel": "e"},
        "loop": {"dag": {"tasks": {"train": {"componentRef": {"name": "c"}}}}},
    },
    "deploymentSpec": {"executors": {"e": {"container": {"image": "i"}}}},
}


def graph(text: str = "", instead: str = "") -> Graph:
    return Graph.from_documents((json.loads(json.dumps(DOCUMENT).replace(f'"{text}"', f'"{instead}"')),))


def model(digest: str = "a" * 64, **metadata) -> ArtifactRecord:
    return ArtifactRecord("model", "system.Model", f"file:///{digest[:4]}", digest, 10, metadata)


RUN = RunRecord("r1", "p", "d", "SUCCEEDED", 100.0, 102.0, {"lr": 0.1}, {"score": 1}, {"best": model()})
INGEST = TaskRecord("r1", "ingest", "SUCCEEDED", attempts=1, started_at=100.0, ended_at=101.0, outputs={"rows": 5})
TRAIN = [
    TaskRecord("r1", f"for-loop-1[{i}]/train", "SUCCEEDED", attempts=1, output_artifacts={"model": model(accuracy=0.9)})
    for i in range(2)
]
LOOP = TaskRecord("r1", "for-loop-1", "SUCCEEDED", "group", iterations=2)
TASKS = (INGEST, LOOP, *TRAIN)


def recorded(run: RunRecord = RUN, tasks: tuple[TaskRecord, ...] = TASKS, of: Graph | None = None) -> RecordedRun:
    return RecordedRun(run, tasks, of or graph())


def told(before: RecordedRun, after: RecordedRun) -> list[tuple[str, str, str]]:
    return [(c.where, c.kind, c.text) for c in compare_runs(before, after)]


def with_task(index: int, **changes) -> RecordedRun:
    return recorded(tasks=tuple(replace(t, **changes) if i == index else t for i, t in enumerate(TASKS)))


def test_a_run_equals_itself_whatever_its_id_and_place():
    moved = replace(RUN, id="r2", created_at=900.0, ended_at=902.0, source="elsewhere")
    tasks = tuple(replace(t, run_id="r2", log="other") for t in TASKS)
    assert told(recorded(), recorded()) == told(recorded(), recorded(moved, tasks)) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"arguments": {"lr": 0.2}}, ("run", "argument", "lr 0.1 → 0.2")),
        ({"arguments": {"lr": 0.1, "n": None}}, ("run", "argument", "n null (none before)")),
        ({"arguments": {}}, ("run", "argument", "lr 0.1 → none")),
        ({"state": "FAILED"}, ("run", "run-state", "state SUCCEEDED → FAILED")),
        ({"outputs": {"score": 1.0}}, ("run", "result", "score 1 → 1.0")),
        ({"outputs": {"score": True}}, ("run", "result", "score 1 → true")),
        (
            {"output_artifacts": {"best": model("b" * 64)}},
            (
                "run",
                "result",
                "best system.Model aaaaaaaaaaaa (10 bytes) → system.Model bbbbbbbbbbbb (10 bytes)",
            ),
        ),
    ],
)
def test_what_differs_between_the_runs(change, expected):
    assert told(recorded(), recorded(replace(RUN, **change))) == [expected]


@pytest.mark.parametrize(
    ("index", "change", "expected"),
    [
        (0, {"state": "FAILED"}, ("ingest", "task-state", "state SUCCEEDED → FAILED")),
        (0, {"cached": True, "attempts": 0}, ("ingest", "cached", "cached no → yes")),
        (0, {"attempts": 3}, ("ingest", "attempts", "attempts 1 → 3")),
        (0, {"outputs": {"rows": 6}}, ("ingest", "output", "rows 5 → 6")),
        (1, {"iterations": 3}, ("for-loop-1", "iterations", "iterations 2 → 3")),
        (
            2,
            {"output_artifacts": {"model": model(accuracy=0.95)}},
            ("for-loop-1[0]/train", "metadata", "model.accuracy 0.9 → 0.95"),
        ),
        (
            3,
            {"output_artifacts": {"model": model("b" * 64, accuracy=0.9)}},
            (
                "for-loop-1[1]/train",
                "artifact",
                "model system.Model aaaaaaaaaaaa (10 bytes) → system.Model bbbbbbbbbbbb (10 bytes)",
            ),
        ),
        (
            3,
            {"output_artifacts": {}},
            ("for-loop-1[1]/train", "artifact", "model system.Model aaaaaaaaaaaa (10 bytes) → none"),
        ),
    ],
)
def test_what_differs_between_two_records_of_a_task(index, change, expected):
    assert told(recorded(), with_task(index, **change)) == [expected]


def test_every_kind_is_described():
    assert set(KINDS) >= {"task-state", "cached", "attempts", "output", "artifact", "metadata", "duration"}


def test_time_is_told_and_never_counted():
    (change,) = compare_runs(recorded(), with_task(0, ended_at=102.0))
    assert (change.where, change.kind, change.quiet) == ("ingest", "duration", True)
    assert change.text == "took 1.0 s → 2.0 s (2 times)"
    assert told(recorded(), with_task(0, ended_at=101.05)) == []  # noise
    assert told(recorded(), with_task(0, ended_at=None)) == []  # not ended, or never started


def test_content_counts_and_not_where_it_lies():
    moved = replace(model(accuracy=0.9), uri="s3://elsewhere")
    assert told(recorded(), with_task(2, output_artifacts={"model": moved})) == []
    unknown = [with_task(2, output_artifacts={"model": replace(moved, digest="", uri=uri)}) for uri in ("a", "b")]
    assert [kind for _, kind, _ in told(*unknown)] == ["artifact"]


def test_lists_of_artifacts_are_compared_one_by_one():
    before = with_task(2, output_artifacts={"models": (model(), model())})
    after = with_task(2, output_artifacts={"models": (model(), model("c" * 64), model())})
    assert [(kind, text.split()[0]) for _, kind, text in told(before, after)] == [
        ("artifact", "models[1]"),
        ("artifact", "models[2]"),
    ]


def test_two_failures_are_told_apart_by_their_message():
    failed = [with_task(0, state="FAILED", error={"message": text}) for text in ("no file", "no disk")]
    assert told(*failed) == [("ingest", "task-error", "error no file → no disk")]


def test_an_iteration_that_only_one_run_had_is_told():
    assert told(recorded(), recorded(tasks=TASKS[:3])) == [
        ("for-loop-1[1]/train", "task-state", "state SUCCEEDED → none")
    ]


def test_a_renamed_task_is_compared_under_its_new_name():
    tasks = tuple(replace(t, path=t.path.replace("train", "fit").replace("ingest", "read")) for t in TASKS)
    after = Graph.from_documents(
        (json.loads(json.dumps(DOCUMENT).replace('"train"', '"fit"').replace('"ingest"', '"read"')),)
    )
    changed = (replace(tasks[0], outputs={"rows": 9}), *tasks[1:])
    assert told(recorded(), recorded(tasks=changed, of=after)) == [
        ("for-loop-1/fit", "task-renamed", "renamed from for-loop-1/train"),
        ("read", "task-renamed", "renamed from ingest"),
        ("read", "output", "rows 5 → 9"),
    ]


def test_a_task_that_the_other_pipeline_lacks_is_told_by_the_pipelines_alone():
    document = json.loads(json.dumps(DOCUMENT))
    del document["root"]["dag"]["tasks"]["ingest"]
    after = recorded(tasks=TASKS[1:], of=Graph.from_documents((document,)))
    assert [kind for _, kind, _ in told(recorded(), after)] == ["task-removed"]
    assert [kind for _, kind, _ in told(after, recorded())] == ["task-added"]


def test_the_pipelines_are_compared_with_the_runs():
    after = recorded(of=graph("i", "other"))
    kinds = {(where, kind) for where, kind, _ in told(recorded(), after)}
    assert kinds == {("ingest", "image"), ("for-loop-1/train", "image")}
