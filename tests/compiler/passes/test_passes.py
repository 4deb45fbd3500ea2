"""A pass takes a construct out of a pipeline, and the pipeline does what it did before."""

import json
import os
from pathlib import Path

import pytest

import milonga as ml
from milonga import Artifact, Dataset, component, pipeline
from milonga.compiler.constructs import constructs_of
from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Graph
from milonga.compiler.passes.artifact_loops import ArtifactLoops
from milonga.compiler.passes.conditional_importers import ConditionalImporters
from milonga.compiler.passes.loops_over_parts import LoopsOverParts
from milonga.compiler.passes.root_artifacts import RootArtifacts
from milonga.compiler.rules import check
from milonga.compiler.trace import trace
from milonga.engine.progress.base import Silent

PASSES = (LoopsOverParts(), ConditionalImporters(), ArtifactLoops(), RootArtifacts())
CORPUS = Path(os.environ.get("MILONGA_CONFORMANCE") or Path(__file__).parents[4] / "shared" / "conformance")
FILES = sorted([*CORPUS.glob("kfp-ir/valid/**/*.yaml"), *CORPUS.glob("kfp-ir/kubernetes-platform/**/*.yaml")])


@component
def add(a: int, b: int = 0) -> int:
    return a + b


@component
def join(parts: list[list[int]]) -> str:
    return str(parts)


@component
def write(text: str) -> Dataset:
    made = Dataset.create_file(metadata={"length": len(text)})
    made.write_text(text)
    return made


@component
def read(data: Artifact, after: str = "") -> str:
    return f"{data.read_text()}{after}:{data.metadata.get('length')}"


@component
def together(parts: list[str]) -> str:
    return ",".join(parts)


@pipeline
def over_parts(name: str = "n") -> str:
    with ml.ParallelFor([{"n": [1, 2], "m": 10}, {"n": [], "m": 20}, {"n": [3], "m": 30}]) as outer:
        with ml.ParallelFor(outer["n"], parallelism=1) as inner:
            made = add(inner, outer["m"])
    return join(ml.Collected(made))


@pipeline
def over_artifacts(words: list[str] = ["a", "bb", "ccc"]) -> str:  # noqa: B006
    with ml.ParallelFor(words) as word:
        made = write(word)
    with ml.ParallelFor(ml.Collected(made)) as data:
        first = read(data)
        second = read(data, after=first)
    return together(ml.Collected(second))


@pipeline
def from_root(data: Dataset) -> str:
    return read(data)


@pipeline
def importing(uri: str, wanted: bool) -> str:
    data = ml.importer(uri, Dataset)
    return read(data)


def conditional_import(condition: str) -> Graph:
    """A condition directly on an importer, which milonga's own language puts around it."""
    document = trace(importing).graph.to_documents()[0]
    task = document["root"]["dag"]["tasks"]["importer"]
    task["inputs"]["parameters"]["pipelinechannel--wanted"] = {"componentInputParameter": "wanted"}
    task["triggerPolicy"] = {"condition": condition}
    return Graph.from_documents((document,))


def outputs(graph: Graph, arguments: dict, home: Path) -> tuple:
    result = ml.run(graph, arguments, home=home, mode="in-process", progress=Silent())
    return result.state, dict(result.run.outputs), result.tasks


WANTED = "inputs.parameter_values['pipelinechannel--wanted'] == true"


@pytest.mark.parametrize(
    ("rewrite", "graph", "arguments"),
    [
        (LoopsOverParts(), lambda: trace(over_parts).graph, {}),
        (ArtifactLoops(), lambda: trace(over_artifacts).graph, {}),
        (ArtifactLoops(), lambda: trace(over_artifacts).graph, {"words": []}),
        (ConditionalImporters(), lambda: conditional_import(WANTED), {"uri": "${DATA}", "wanted": True}),
        (RootArtifacts(), lambda: trace(from_root).graph, {"data": "${DATA}"}),
    ],
    ids=["loop over a part", "loop over artifacts", "loop over no artifacts", "importer", "artifact of the pipeline"],
)
def test_it_does_the_same_without_the_construct(rewrite, graph, arguments, tmp_path):
    data = tmp_path / "data.txt"
    data.write_text("content")
    arguments = json.loads(json.dumps(arguments).replace("${DATA}", str(data)))
    before = graph()
    after = rewrite.run(before)

    assert set(rewrite.cures) & set(constructs_of(before))
    assert not set(rewrite.cures) & set(constructs_of(after))
    assert [finding for finding in check(after) if finding.severity == "error"] == []
    state, made, _ = outputs(before, arguments, tmp_path / "before")
    assert outputs(after, arguments, tmp_path / "after")[:2] == (state, made)
    assert state == "SUCCEEDED"
    assert made["Output"] or arguments.get("words") == []


def test_an_importer_whose_condition_is_false_is_skipped_as_before(tmp_path):
    graph = conditional_import(WANTED)
    arguments = {"uri": str(tmp_path), "wanted": False}
    before = outputs(graph, arguments, tmp_path / "before")
    after = outputs(ConditionalImporters().run(graph), arguments, tmp_path / "after")
    assert before[2]["importer"].state == after[2]["importer"].state == "SKIPPED"


def test_the_pipelines_border_names_the_uri():
    root = RootArtifacts().run(trace(from_root).graph).root
    assert root.input_parameters["data"].parameter_type == "STRING"
    assert not root.input_artifacts


def test_an_optional_artifact_and_a_list_stay_as_they_are():
    @component
    def several(parts: list[Dataset], maybe: Dataset | None = None) -> int:
        return len(parts)

    @pipeline
    def lists(parts: list[Dataset], maybe: Dataset | None = None) -> int:
        return several(parts, maybe)

    graph = trace(lists).graph
    assert RootArtifacts().run(graph) is graph


@pytest.mark.parametrize("rewrite", PASSES, ids=lambda rewrite: rewrite.name)
def test_what_has_no_such_construct_is_the_same_object(rewrite):
    graph = trace(importing).graph
    assert rewrite.run(graph) is graph


@pytest.mark.parametrize("rewrite", PASSES, ids=lambda rewrite: rewrite.name)
def test_twice_is_once(rewrite):
    graphs = [trace(over_parts).graph, trace(over_artifacts).graph, trace(from_root).graph, conditional_import("true")]
    for graph in graphs:
        once = rewrite.run(graph)
        assert rewrite.run(once) is once


def test_new_tasks_stand_where_the_author_wrote_the_old_ones():
    graph = ArtifactLoops().run(trace(over_artifacts).graph)
    assert graph.places["root/for-loop-2-positions"] == graph.places["root/for-loop-2"]


@pytest.mark.skipif(not FILES, reason="the shared KFP corpus is not here; MILONGA_CONFORMANCE names its folder")
def test_no_file_of_the_corpus_is_broken_by_a_pass():
    changed = 0
    for path in FILES:
        graph = load_graph(path)
        for rewrite in PASSES:
            lowered = rewrite.run(graph)
            if lowered is graph:
                assert not set(rewrite.cures) & set(constructs_of(graph)) or path.name.endswith("_optional.yaml"), path
                continue
            changed += 1
            errors = {finding.code for finding in check(graph) if finding.severity == "error"}
            assert {finding.code for finding in check(lowered) if finding.severity == "error"} == errors, path
            assert not set(rewrite.cures) & set(constructs_of(lowered)) or path.name.endswith("_optional.yaml"), path
    assert changed >= 3


# Loops over artifacts in other places


@pipeline
def over_artifacts_twice(words: list[str] = ["a", "bb"]) -> str:  # noqa: B006
    with ml.ParallelFor(words) as word:
        made = write(word)
    with ml.ParallelFor(ml.Collected(made)) as left:
        with ml.ParallelFor(ml.Collected(made)) as right:
            both = join_two(left, right)
    return pairs(ml.Collected(both))


@component
def join_two(left: Artifact, right: Artifact) -> str:
    return left.read_text() + right.read_text()


@component
def pairs(parts: list[list[str]]) -> str:
    return str(parts)


@component
def say(data: Artifact, status: ml.TaskFinalStatus) -> None:
    print(data.read_text(), status.state)


def test_a_loop_over_artifacts_inside_of_another_is_lowered_with_it(tmp_path):
    graph = trace(over_artifacts_twice).graph
    lowered = ArtifactLoops().run(graph)
    assert "loop-over-artifacts" not in constructs_of(lowered)
    assert ArtifactLoops().run(lowered) is lowered
    assert [finding.code for finding in check(lowered)] == [finding.code for finding in check(graph)]
    assert outputs(lowered, {}, tmp_path / "a")[:2] == outputs(graph, {}, tmp_path / "b")[:2]


def test_tasks_of_a_copied_body_keep_their_places():
    lowered = ArtifactLoops().run(trace(over_artifacts_twice).graph)
    for name, dag in lowered.dags():
        for task in dag.dag.tasks:
            known = f"{name}/{task}" in lowered.places
            assert known or task.startswith(("take-artifact", "for-loop")), f"{name}/{task}"


def test_an_exit_task_that_takes_the_loops_artifact_keeps_its_loop():
    @pipeline
    def guarded(words: list[str]) -> None:
        with ml.ParallelFor(words) as word:
            made = write(word)
        with ml.ParallelFor(ml.Collected(made)) as data:
            with ml.ExitHandler(say, data):
                read(data)

    graph = trace(guarded).graph
    assert ArtifactLoops().run(graph) is graph


def test_an_exit_task_that_takes_the_pipelines_artifact_keeps_it():
    @pipeline
    def guarded(data: Dataset) -> None:
        with ml.ExitHandler(say, data):
            read(data)

    graph = trace(guarded).graph
    assert RootArtifacts().run(graph) is graph


def test_added_steps_reuse_results_only_where_their_readers_do():
    def caches(enabled: bool) -> set:
        @pipeline
        def reading(words: list[str] = ["a"]) -> None:  # noqa: B006
            with ml.ParallelFor(words) as word:
                made = write(word)
            with ml.ParallelFor(ml.Collected(made)) as data:
                read.options(cache=enabled)(data)

        lowered = ArtifactLoops().run(trace(reading).graph)
        tasks = {name: task for _, dag in lowered.dags() for name, task in dag.dag.tasks.items()}
        added = [task for name, task in tasks.items() if name.startswith(("take-artifact", "for-loop-2-positions"))]
        return {bool(task.caching_options.enable_cache) for task in added}

    assert caches(True) == {True}
    assert caches(False) == {False}


def test_many_loops_share_what_can_be_shared():
    @pipeline
    def many(words: list[str] = ["a"]) -> None:  # noqa: B006
        with ml.ParallelFor(words) as word:
            made = write(word)
        for _ in range(30):
            with ml.ParallelFor(ml.Collected(made)) as data:
                read(data)

    lowered = ArtifactLoops().run(trace(many).graph)
    assert sum("list-positions" in name for name in lowered.components) == 1
    assert sum("take-artifact" in label for label in lowered.executors) == 1
