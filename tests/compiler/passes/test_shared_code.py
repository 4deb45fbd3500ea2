"""When the code of all steps makes a run too large for KFP, one step carries it, and everything works as before."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import milonga as ml
from milonga import Dataset, component, pipeline
from milonga.compiler.constructs.size import OBJECT_BYTES_MAX, run_bytes
from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Graph
from milonga.compiler.passes.shared_code import SharedCode, carried_modules
from milonga.compiler.rules import check
from milonga.compiler.targets import target_named
from milonga.compiler.trace import trace
from milonga.engine.progress.base import Silent


@component
def number(value: int) -> int:
    from milonga.components.contracts.dataset_digest import digest_of

    return value if digest_of else 0


@component
def write(value: int) -> Dataset:
    made = Dataset.create_file()
    made.write_text(str(value))
    return made


@component
def last(status: ml.TaskFinalStatus) -> None:
    print("ended", status.state)


@component
def total(parts: list[int], data: Dataset) -> int:
    return sum(parts) + int(data.read_text())


@pipeline
def inner(value: int) -> int:
    return number(number(value))


@pipeline
def many_steps(start: int = 1) -> int:
    with ml.ExitHandler(last):
        for index in range(36):
            number.options(name=f"step-{index}")(index)
        with ml.ParallelFor([1, 2, 3]) as item:
            with ml.If(item >= 0):
                made = inner(item)
        result = total(ml.Collected(made), write(start))
    return result


@pytest.fixture(scope="module")
def graph() -> Graph:
    return trace(many_steps).graph


@pytest.fixture(scope="module")
def lowered(graph) -> Graph:
    return SharedCode().run(graph)


def arguments_of(graph: Graph, label: str) -> int:
    container = graph.executors[label].container
    return sum(map(len, container.args))


def test_a_run_that_was_too_large_fits(graph, lowered):
    assert run_bytes(graph) > OBJECT_BYTES_MAX > run_bytes(lowered)
    assert arguments_of(graph, "exec-number") > 12_000
    assert arguments_of(lowered, "exec-number") < 1_500


def test_the_lowered_pipeline_is_consistent_and_kfps_target_has_nothing_against_it(lowered):
    assert [finding for finding in check(lowered) if finding.severity == "error"] == []
    found = {finding.construct for finding in target_named("kfp").findings(lowered)}
    assert "bulky-code" not in found and "large-run" not in found


def test_an_exit_task_keeps_its_own_code(graph, lowered):
    assert lowered.executors["exec-last"] == graph.executors["exec-last"]


def test_each_step_names_the_digest_of_its_own_code(lowered):
    codes = {
        label: executor.container.args[executor.container.args.index("--code") + 1]
        for label, executor in lowered.executors.items()
        if "--code" in executor.container.args
    }
    assert {code.partition(":")[0] for code in codes.values()} == {"exec-milonga-code"}
    assert codes["exec-write"] == codes["exec-total"]  # nothing but the runtime
    assert codes["exec-number"] != codes["exec-write"]  # a module of its own


def test_the_carrier_holds_the_modules_of_all(lowered):
    assert "milonga/components/contracts/dataset_digest.py" in carried_modules(lowered.executors["exec-milonga-code"])


def test_a_small_pipeline_stays_as_it_is():
    small = trace(inner).graph
    assert SharedCode().run(small) is small


def test_twice_is_once(lowered):
    assert SharedCode().run(lowered) is lowered


@pytest.mark.parametrize("mode", ["in-process", pytest.param("isolated", marks=pytest.mark.slow)])
def test_milongas_engine_runs_both_the_same(graph, lowered, mode, tmp_path):
    results = [
        ml.run(which, {"start": 5}, home=tmp_path / str(place), mode=mode, progress=Silent())
        for place, which in enumerate((graph, lowered))
    ]
    assert [result.state for result in results] == ["SUCCEEDED", "SUCCEEDED"]
    assert [dict(result.run.outputs) for result in results] == [{"Output": 11}, {"Output": 11}]


@pytest.mark.slow
def test_kfps_local_runner_runs_it(lowered, tmp_path):
    path = tmp_path / "lowered.yaml"
    path.write_text(target_named("kfp").emit(lowered), encoding="utf-8")
    assert load_graph(path) == lowered
    program = f"""
import json, warnings
warnings.simplefilter("ignore")
from kfp import components, local
local.init(local.SubprocessRunner(use_venv=False), pipeline_root={str(tmp_path / "root")!r})
task = components.load_component_from_file({str(path)!r})(start=5)
print(json.dumps(task.outputs))
"""
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"Output": 11}


# Carriers beside each other


@component
def add(value: int) -> int:
    return value + 1


def chain(count: int, name: str) -> ml.Pipeline:
    @pipeline(name=name)
    def steps(start: int = 0) -> int:
        for index in range(count):
            start = add.options(environment={"STEP": f"{name}-{index}"})(start)
        return start

    return steps


def test_a_pipeline_that_was_lowered_is_composed_and_lowered_again(tmp_path):
    inside = tmp_path / "inside.yaml"
    ml.compile(chain(30, "inside"), output=inside)
    embedded = ml.from_kfp(str(inside))

    @pipeline
    def outside() -> int:
        value = embedded(start=0)
        for index in range(30):
            value = add.options(environment={"STEP": f"outside-{index}"})(value)
        return value

    graph = trace(outside).graph
    lowered = target_named("kfp").lower(graph)
    assert lowered is not graph
    assert [finding for finding in check(lowered) if finding.severity == "error"] == []
    assert SharedCode().run(lowered) is lowered
    result = ml.run(lowered, {}, home=tmp_path / "home", mode="in-process", progress=Silent())
    assert (result.state, dict(result.run.outputs)) == ("SUCCEEDED", {"Output": 60})


def test_the_carrier_runs_in_the_image_of_most_steps_with_what_that_image_needs():
    @pipeline
    def images() -> None:
        add.options(name="a-first", image="registry.example/other@sha256:" + "0" * 64)(1)
        for index in range(30):
            add.options(environment={"STEP": str(index)}, node_selector={"disk": "ssd"}, timeout_s=60)(index)

    lowered = SharedCode().run(trace(images).graph)
    carrier = lowered.executors["exec-milonga-code"].container
    assert carrier.image == "python:3.11-slim"
    assert lowered.platform_settings("exec-milonga-code") == {"nodeSelector": {"labels": {"disk": "ssd"}}}


def test_the_size_of_a_deep_pipeline_is_found_at_once():
    components = {"comp-0": {"executorLabel": "exec"}}
    for depth in range(1, 200):
        uses = {f"t{number}": {"componentRef": {"name": f"comp-{depth - 1}"}} for number in range(2)}
        components[f"comp-{depth}"] = {"dag": {"tasks": uses}}
    graph = Graph.from_documents(
        (
            {
                "pipelineInfo": {"name": "deep"},
                "root": {"dag": {"tasks": {"t": {"componentRef": {"name": "comp-199"}}}}},
                "components": components,
                "deploymentSpec": {"executors": {"exec": {"container": {"image": "busybox"}}}},
            },
        )
    )
    (finding,) = target_named("kfp").findings(graph)
    assert finding.construct == "large-run"
