"""Where artifacts come from: the right tasks, the right one of several that made the same, each once, and quickly."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from milonga.compiler.documents import load_graph
from milonga.errors import UsageError
from milonga.lineage import ArtifactRecord, LineageStore, RunRecord, TaskRecord
from milonga.lineage.ancestry import Ancestry, Start, ancestry
from milonga.lineage.named_artifacts import artifact_named


def art(name: str, content: str, uri: str = "") -> ArtifactRecord:
    return ArtifactRecord(name, "system.Dataset", uri or f"/{content}", hashlib.sha256(content.encode()).hexdigest(), 1)


@pytest.fixture
def store(tmp_path: Path):
    opened = LineageStore(tmp_path / "lineage.sqlite")
    yield opened
    opened.close()


class Recorder:
    """Writes runs by hand."""

    def __init__(self, store: LineageStore) -> None:
        self.store = store
        self.clock = 1000.0

    def run(self, run_id: str, pipeline: str = "p") -> None:
        self.store.put_run(RunRecord(run_id, pipeline, "d" * 64, "SUCCEEDED", self.clock, self.clock + 9))

    def step(
        self, run_id: str, path: str, took: list[ArtifactRecord], made: list[ArtifactRecord], cached: bool = False
    ) -> TaskRecord:
        self.clock += 1
        task = TaskRecord(
            run_id,
            path,
            "SUCCEEDED",
            key=f"{path}",
            cached=cached,
            started_at=self.clock,
            ended_at=self.clock + 0.5,
            input_artifacts={f"in{index}": record for index, record in enumerate(took)},
            output_artifacts={record.name: record for record in made},
        )
        self.store.put_task(task)
        return task


@pytest.fixture
def recorder(store: LineageStore) -> Recorder:
    return Recorder(store)


def without_graphs(run_id: str) -> None:
    return None


def tasks_of(found: Ancestry) -> set[str]:
    return set(found.tasks)


def test_the_walk_goes_from_run_to_run(store, recorder) -> None:
    raw, table, model = art("raw", "raw"), art("table", "table"), art("model", "model")
    recorder.run("20260101-a")
    recorder.step("20260101-a", "clean", [raw], [table])
    recorder.run("20260102-b")
    recorder.step("20260102-b", "train", [table], [model])
    found = ancestry(store, artifact_named(store, model.digest[:9]), without_graphs)
    assert tasks_of(found) == {"20260101-a/clean", "20260102-b/train"}
    (source,) = [node for node in found.artifacts.values() if node.is_source]
    assert source.record.uri == "/raw"
    assert {(edge.source, edge.target) for edge in found.edges} == {
        (raw.digest, "20260101-a/clean"),
        ("20260101-a/clean", "20260101-a/clean.table"),
        ("20260101-a/clean.table", "20260102-b/train"),
        ("20260102-b/train", "20260102-b/train.model"),
    }


def test_down_is_up_read_backwards(store, recorder) -> None:
    raw, table, model, report = (art(name, name) for name in ("raw", "table", "model", "report"))
    recorder.run("20260101-a")
    recorder.step("20260101-a", "clean", [raw], [table])
    recorder.step("20260101-a", "train", [table], [model])
    recorder.step("20260101-a", "report", [table, model], [report])
    down = ancestry(store, artifact_named(store, raw.digest), without_graphs, "down")
    assert tasks_of(down) == {"20260101-a/clean", "20260101-a/train", "20260101-a/report"}
    up = ancestry(store, artifact_named(store, report.digest), without_graphs)
    assert set(up.edges) == set(down.edges)


def test_of_equal_content_the_one_of_the_same_run_is_meant_and_else_the_earliest_that_did_the_work(
    store, recorder
) -> None:
    table, model = art("table", "same"), art("model", "model")
    for run_id, cached in (("20260101-a", False), ("20260102-b", True), ("20260103-c", False)):
        recorder.run(run_id)
        recorder.step(run_id, "clean", [], [table], cached=cached)
    recorder.step("20260103-c", "train", [table], [model])
    found = ancestry(store, artifact_named(store, model.digest), without_graphs)
    assert tasks_of(found) == {"20260103-c/clean", "20260103-c/train"}
    found = ancestry(store, artifact_named(store, table.digest), without_graphs)
    assert tasks_of(found) == {"20260101-a/clean"}
    assert next(iter(found.artifacts.values())).others == 1, "a cache hit is no other work"


def test_hits_of_the_cache_are_not_told_again(store, recorder) -> None:
    table, model = art("table", "table"), art("model", "model")
    for run_id, cached in (("20260101-a", False), ("20260102-b", True), ("20260103-c", True)):
        recorder.run(run_id)
        recorder.step(run_id, "train", [table], [model], cached=cached)
    assert tasks_of(ancestry(store, artifact_named(store, table.digest), without_graphs, "down")) == {
        "20260101-a/train"
    }


def test_empty_files_of_two_tasks_are_told_apart_by_the_graph(play, author, home) -> None:
    module = author(
        """
        from milonga import Dataset, component, pipeline

        @component
        def empty(name: str) -> Dataset:
            made = Dataset.create_file()
            made.write_text("")
            return made

        @component
        def use(data: Dataset) -> Dataset:
            made = Dataset.create_file()
            made.write_text("used")
            return made

        @pipeline
        def flow() -> Dataset:
            empty("one")
            return use(empty("two"))
        """
    )
    result = play(module.flow)
    opened = LineageStore(home / "lineage.sqlite")
    starts = artifact_named(opened, f"{result.run_id}/use.Output")
    found = ancestry(opened, starts, lambda run_id: load_graph(home / "runs" / run_id / "pipeline.yaml"))
    opened.close()
    assert tasks_of(found) == {f"{result.run_id}/use", f"{result.run_id}/empty-2"}


def test_values_are_followed_through_groups_loops_and_branches(play, author, home) -> None:
    module = author(
        """
        import milonga as ml
        from milonga import Dataset, component, pipeline

        @component
        def number(value: int) -> int:
            return value

        @component
        def double(value: int) -> int:
            return 2 * value

        @component
        def total(values: list[int], last: int) -> Dataset:
            made = Dataset.create_file()
            made.write_text(f"{values} {last}")
            return made

        @component
        def unrelated() -> int:
            return 0

        @pipeline
        def inner(start: int) -> int:
            unrelated()
            return double(start)

        @pipeline
        def flow() -> Dataset:
            first = number(2)
            with ml.ParallelFor([1, 2]) as item:
                found = double(item)
            with ml.If(first > 1):
                chosen = inner(first)
            with ml.Else():
                other = number(9)
            return total(ml.Collected(found), ml.OneOf(chosen, other))
        """
    )
    result = play(module.flow)
    assert result.succeeded, result.run.error
    opened = LineageStore(home / "lineage.sqlite")
    starts = artifact_named(opened, f"{result.run_id}/total.Output")
    found = ancestry(opened, starts, lambda run_id: load_graph(home / "runs" / run_id / "pipeline.yaml"))
    opened.close()
    names = {path.rpartition("/")[2] for path in found.tasks}
    assert "unrelated" not in names and "total" in names and "number" in names
    doubles = [node for node in found.tasks.values() if node.record.component.startswith("comp-double")]
    assert len(doubles) == 3, "both iterations, and the one in the branch that ran"


@pytest.mark.slow
def test_ten_thousand_ancestors_need_no_recursion(store, recorder) -> None:
    recorder.run("20260101-a")
    count = 10_000
    for index in range(count):
        took = [art("data", f"{index - 1}")] if index else [art("raw", "raw")]
        recorder.step("20260101-a", f"step-{index}", took, [art("data", f"{index}")])
    store.commit()
    found = ancestry(store, artifact_named(store, art("data", f"{count - 1}").digest), without_graphs)
    assert len(found.tasks) == count


def test_a_wide_ancestry_is_walked_once_a_node(store, recorder) -> None:
    recorder.run("20260101-a")
    layers = [[art(f"a{layer}{place}", f"{layer}-{place}") for place in range(5)] for layer in range(12)]
    for layer in range(1, 12):
        for place, made in enumerate(layers[layer]):
            recorder.step("20260101-a", f"mix-{layer}-{place}", layers[layer - 1], [made])
    found = ancestry(store, artifact_named(store, layers[11][0].digest), without_graphs)
    assert len(found.tasks) == 51 and len(found.edges) == 51 * 5 + 51, "5 ** 11 ways, 51 tasks"


def test_what_has_no_digest_is_known_by_its_address(store, recorder) -> None:
    recorder.run("20260101-a")
    remote = ArtifactRecord("data", "system.Dataset", "s3://bucket/key")
    recorder.step("20260101-a", "one", [remote], [art("x", "x")])
    found = ancestry(store, artifact_named(store, art("x", "x").digest), without_graphs)
    assert [node.record.uri for node in found.artifacts.values() if node.is_source] == ["s3://bucket/key"]
    assert artifact_named(store, "s3://bucket/key")[0].record == remote


@pytest.mark.parametrize("name", ["", "zz", "abcd", "deadbeef" * 8, "x://nowhere", "no words"])
def test_a_name_of_nothing(store, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        artifact_named(store, name)
    assert caught.value.code == "E952"


def test_a_beginning_of_several_digests_lists_them(store, recorder) -> None:
    recorder.run("20260101-a")
    for index in range(40):
        recorder.store.put_task(
            TaskRecord(
                "20260101-a",
                f"t{index}",
                "SUCCEEDED",
                output_artifacts={"x": ArtifactRecord("x", "t", f"/{index}", f"abcd{index:060d}")},
            )
        )
    with pytest.raises(UsageError) as caught:
        artifact_named(store, "abcd")
    assert caught.value.code == "E953" and "and more" in caught.value.got
    assert artifact_named(store, f"abcd{7:060d}")[0].record is not None


def test_places_in_lists_and_in_runs(store, recorder) -> None:
    recorder.run("20260101-a")
    pair = (art("models", "one"), art("models", "two"))
    store.put_task(
        TaskRecord("20260101-a", "loop[0]/many", "SUCCEEDED", outputs={"n": 2}, output_artifacts={"models": pair})
    )
    assert [start.position for start in artifact_named(store, "2026/many.models")] == [0, 1]
    assert [start.record for start in artifact_named(store, "2026/many.models[1]")] == [pair[1]]
    assert artifact_named(store, "2026/loop[0]/many")[0] == artifact_named(store, "last/many.n")[0]
    for wrong in ("2026/many.model", "2026/many.models[2]"):
        with pytest.raises(UsageError, match="output"):
            artifact_named(store, wrong)


def test_a_task_alone_is_a_start_too(store, recorder) -> None:
    recorder.run("20260101-a")
    task = recorder.step("20260101-a", "clean", [art("raw", "raw")], [art("table", "table")])
    found = ancestry(store, [Start(maker=task)], without_graphs)
    assert found.start == ("20260101-a/clean",) and len(found.artifacts) == 1
