"""`to_kfp`: components and pipelines of milonga in kfp's pipelines, its compiler and its runner."""

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import milonga as ml
from milonga.compiler.graph import Graph
from milonga.compiler.interop import from_kfp, read_source
from milonga.compiler.rules import check
from milonga.compiler.trace import trace
from milonga.errors import AuthoringError

kfp = pytest.importorskip("kfp", reason="kfp is not installed")
kubernetes = pytest.importorskip("kfp.kubernetes", reason="kfp-kubernetes is not installed")


class Trained(NamedTuple):
    model: ml.Model
    accuracy: float


@ml.component(
    cpu="500m",
    memory="1Gi",
    gpu=1,
    retries=2,
    backoff_s=3,
    timeout_s=60,
    environment={"MODE": "fast"},
    secrets={"TOKEN": "keys/token"},
    node_selector={"disk": "ssd"},
)
def train(rows: int = 3) -> Trained:
    """Train."""
    model = ml.Model.create_file()
    model.write_text("m" * rows)
    return Trained(model, rows / 4)


@ml.component
def size(model: ml.Model) -> int:
    return len(model.read_text())


@ml.component(cache=False)
def shout(text: str, level: int = 1) -> str:
    return text + "!" * level


@ml.pipeline
def measure(rows: int = 4) -> int:
    return size(train(rows).model)


@ml.pipeline(name="size")
def called_like_its_step(rows: int = 4) -> int:
    return size(train(rows).model)


def kfp_pipeline(function: Any) -> Graph:
    graph = read_source(kfp.dsl.pipeline(function)).graph
    assert [finding for finding in check(graph) if finding.severity == "error"] == []
    return graph


def test_a_step_in_a_pipeline_of_kfp_keeps_all_that_it_asks_for() -> None:
    kfp_train, kfp_size = train.to_kfp(), size.to_kfp()

    def flow(rows: int = 5) -> int:
        return kfp_size(model=kfp_train(rows=rows).outputs["model"]).output

    there, here = kfp_pipeline(flow), trace(train).graph
    assert there.executors["exec-train"] == here.executors["exec-train"]
    assert there.platform_settings("exec-train") == here.platform_settings("exec-train")
    mine, theirs = here.root.dag.tasks["train"], there.root.dag.tasks["train"]
    assert (mine.retry_policy, mine.caching_options) == (theirs.retry_policy, theirs.caching_options)


def test_kfps_own_settings_are_laid_over_it() -> None:
    kfp_train = train.to_kfp()

    def flow() -> float:
        task = kfp_train(rows=1).set_cpu_limit("4").set_env_variable("MODE", "slow")
        kubernetes.set_timeout(task, 5)
        return task.outputs["accuracy"]

    graph = kfp_pipeline(flow)
    container = graph.executors["exec-train"].container
    assert container.resources.resource_cpu_limit == "4" and container.resources.resource_memory_limit == "1Gi"
    assert [(item.name, item.value) for item in container.env] == [("MODE", "slow")]
    settings = graph.platform_settings("exec-train")
    assert settings["activeDeadlineSeconds"] == "5" and "secretAsEnv" in settings


def test_settings_of_one_task_are_not_those_of_the_next() -> None:
    kfp_train = train.to_kfp()

    def flow():
        kubernetes.set_timeout(kfp_train(rows=1), 5)
        kfp_train(rows=2)

    graph = kfp_pipeline(flow)
    assert graph.platform_settings("exec-train")["activeDeadlineSeconds"] == "5"
    assert graph.platform_settings("exec-train-2")["activeDeadlineSeconds"] == "60"


def test_a_pipeline_is_a_pipeline_in_a_pipeline_with_the_settings_of_its_steps() -> None:
    kfp_measure = measure.to_kfp()

    def flow(rows: int = 2) -> int:
        return kfp_measure(rows=rows).output

    graph = kfp_pipeline(flow)
    assert "comp-measure" in graph.components and graph.platform_settings("exec-train")["secretAsEnv"]


def test_a_pipeline_with_the_name_of_its_step_is_not_taken_for_the_step() -> None:
    made = called_like_its_step.to_kfp()
    assert list(made.component_spec.inputs) == ["rows"]
    assert made.component_spec.implementation.graph is not None


@pytest.mark.parametrize("definition", [train, size, measure, called_like_its_step])
def test_compiled_by_kfp_it_is_what_milonga_compiles(definition: Any, tmp_path: Path) -> None:
    path = tmp_path / "made.yaml"
    kfp.compiler.Compiler().compile(definition.to_kfp(), str(path))
    theirs, ours = read_source(path).graph, trace(definition).graph
    assert theirs.to_documents() == ours.to_documents()  # but for 1 and 1.0, which are one number


def test_there_and_back_it_is_the_same() -> None:
    assert from_kfp(measure.to_kfp()).graph == trace(measure).graph
    assert from_kfp(shout.options(cache=True).to_kfp()).step is not None


def test_mistakes_are_found_as_everywhere() -> None:
    @ml.pipeline
    def wrong() -> int:
        return size(train(rows="text").model)

    with pytest.raises(AuthoringError) as caught:
        wrong.to_kfp()
    assert caught.value.code == "E113"


PROGRAM = """
    import sys, warnings
    warnings.simplefilter("ignore")
    sys.path.insert(0, sys.argv[1])
    from kfp import dsl, local
    from test_to_kfp import measure, shout, size, train

    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=sys.argv[2])
    kfp_train, kfp_size, kfp_shout, kfp_measure = (item.to_kfp() for item in (train, size, shout, measure))

    @dsl.component(base_image="python:3.11", install_kfp_package=False)
    def label(number: int) -> str:
        return f"n{number}"

    @dsl.pipeline
    def flow(rows: int = 5) -> str:
        made = kfp_train(rows=rows)
        measured = kfp_measure(rows=kfp_size(model=made.outputs["model"]).output)
        return kfp_shout(text=label(number=measured.output).output, level=2).output

    print("ALONE", kfp_shout(text="a").output)
    print("TOGETHER", flow(rows=6).output)
"""


@pytest.mark.slow
def test_kfps_runner_runs_it_alone_and_among_its_own(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(textwrap.dedent(PROGRAM))
    done = subprocess.run(
        [sys.executable, str(tmp_path / "flow.py"), str(Path(__file__).parent), str(tmp_path / "root")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    printed = [line for line in done.stdout.splitlines() if line.startswith(("ALONE", "TOGETHER"))]
    assert printed == ["ALONE a!", "TOGETHER n6!!"], done.stdout[-2000:] + done.stderr[-2000:]


class Picture(ml.Dataset):
    """An artifact class of the author's own."""


@ml.component
def draw(width: int) -> Picture:
    """Draw.

    Args:
        width: in pixels.
    """
    return Picture.create_file()


def test_what_kfp_loses_is_what_the_documentation_says() -> None:
    kfp_draw, kfp_measure = draw.to_kfp(), measure.to_kfp()
    root = kfp.dsl.pipeline(
        pipeline_root="s3://inner", pipeline_config=kfp.dsl.PipelineConfig(ttl_seconds_after_finished=9)
    )

    @root
    def inner(rows: int = 1) -> int:
        return kfp_measure(rows=rows).output

    def flow() -> int:
        kfp_draw(width=1)
        return inner(rows=1).output

    graph, alone = kfp_pipeline(flow), read_source(kfp_draw).graph
    there, here = graph.components["comp-draw"], alone.components["comp-draw"]
    assert (
        here.input_parameters["width"].description == "in pixels." and not there.input_parameters["width"].description
    )
    assert here.output_artifacts["Output"].metadata == {"milonga_type": "Picture"}
    assert there.output_artifacts["Output"].metadata is None
    assert there.output_artifacts["Output"].artifact_type.schema_title == "system.Dataset"
    assert graph.specification.default_pipeline_root is None and graph.platforms["kubernetes"].pipeline_config is None
