"""`from_kfp`: components and pipelines of kfp inside pipelines of milonga."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from odd_names import ODD

import milonga as ml
from milonga.compiler.graph import Graph
from milonga.compiler.interop import from_kfp
from milonga.compiler.rules import check
from milonga.compiler.trace import trace
from milonga.compiler.trace.ready_made import ReadyMade
from milonga.engine.progress import Silent
from milonga.errors import AuthoringError


@ml.component
def length(data: ml.Dataset, extra: int = 0) -> int:
    return len(data.read_text()) + extra


@ml.component
def store(text: str) -> ml.Dataset:
    made = ml.Dataset.create_file()
    made.write_text(text)
    return made


def graph_of(pipeline: Any) -> Graph:
    graph = trace(pipeline).graph
    assert [finding for finding in check(graph) if finding.severity == "error"] == []
    return graph


def run(pipeline: Any, home: Path, **settings: Any) -> dict[str, Any]:
    result = ml.run(pipeline, home=home, progress=Silent(), **settings)
    result.raise_for_state()
    return dict(result.outputs)


def findings_of(pipeline: Any) -> list[str]:
    with pytest.raises(AuthoringError) as caught:
        trace(pipeline)
    return [finding.code for finding in caught.value.findings or (caught.value,)]


# Inputs and outputs ------------------------------------------------------------------------------------------------


def test_what_it_takes_and_makes_is_typed(project: ModuleType) -> None:
    write, learn = from_kfp(project.write), from_kfp(project.learn)
    assert repr(write) == "<component write(line: str, copies: int) -> first: str, lines: int, data: Dataset>"
    assert [item.schema.spelling for item in learn.signature.inputs] == ["Dataset"]
    assert {item.name: item.schema.spelling for item in learn.signature.outputs} == {
        "model": "Model",
        "metrics": "Metrics",
    }
    assert write.signature.input("copies").default == 2


def test_it_says_what_it_takes_and_makes(project: ModuleType) -> None:
    text = inspect.getdoc(from_kfp(project.write))
    assert "line (str)" in text and "copies (int, default 2)" in text and "data (Dataset)" in text
    assert from_kfp(project.double).description == "Double a number, several times."


def test_a_single_output_is_what_the_call_returns_and_several_are_attributes(project, tmp_path: Path) -> None:
    double, write = from_kfp(project.double), from_kfp(project.write)

    @ml.pipeline
    def flow(number: int = 2) -> int:
        made = write("abc", copies=double(number))
        return length(made.data, extra=made["lines"])

    assert run(flow, tmp_path) == {"Output": 20}


def test_a_value_of_milonga_flows_into_kfp_and_back(project, tmp_path: Path) -> None:
    learn, read = from_kfp(project.learn), from_kfp(project.read)

    @ml.pipeline
    def flow() -> str:
        return read(learn(store("abc")).model)

    assert run(flow, tmp_path) == {"Output": "ABC"}


def test_a_wrong_type_is_found_when_the_pipeline_is_traced(project: ModuleType) -> None:
    double, learn = from_kfp(project.double), from_kfp(project.learn)

    @ml.pipeline
    def flow() -> None:
        double(number="text")
        learn(data=double(1))
        double()
        double(nummber=1)

    assert sorted(findings_of(flow)) == ["E111", "E112", "E112", "E113", "E113"]


def test_defaults_and_optional_inputs_are_kept(project, tmp_path: Path) -> None:
    say = from_kfp(project.say)

    @ml.pipeline
    def flow(suffix: str | None = None) -> str:
        say("a", suffix=None)
        return say("b", suffix)

    assert run(flow, tmp_path) == {"Output": "b"}


def test_a_title_that_is_not_kfps_becomes_a_class_of_its_own() -> None:
    made = from_kfp(
        "name: deploy\ninputs:\n- {name: model, type: google.VertexModel}\noutputs:\n- {name: endpoint, type: "
        "google.VertexEndpoint}\nimplementation:\n  container: {image: i, command: [run, {inputUri: model}]}\n"
    )
    first = made.signature.input("model").schema.artifact_class
    assert first.__name__ == "VertexModel" and first.SCHEMA_TITLE == "google.VertexModel"
    assert issubclass(first, ml.Artifact) and made.signature.outputs[0].schema.spelling == "VertexEndpoint"


def test_names_that_are_no_identifiers_are_keys() -> None:
    odd = from_kfp(ODD)
    assert odd.step is not None

    @ml.pipeline
    def flow(text: str = "a") -> str:
        first = odd(**{"my input": text, "class": 1})
        second = odd(**{"my input": first["my output"], "class": 2})
        return second["_task"]

    tasks = graph_of(flow).root.dag.tasks
    assert tasks["odd-2"].inputs.parameters["my input"].task_output_parameter.output_parameter_key == "my output"


def test_an_unknown_key_is_a_finding() -> None:
    odd = from_kfp(ODD)

    @ml.pipeline
    def flow() -> None:
        odd(**{"my input": "a", "class": 1})["my outptu"]

    assert findings_of(flow) == ["E130"]


# Calls -------------------------------------------------------------------------------------------------------------


def test_a_python_component_runs_its_function_outside_of_a_pipeline(project: ModuleType) -> None:
    assert from_kfp(project.double)(number=4, times=2) == 16
    assert from_kfp(project.double)(4) == 8


@pytest.mark.parametrize("name", ["grade", "shell"])
def test_what_has_no_function_says_so(project, name: str) -> None:
    with pytest.raises(AuthoringError) as caught:
        from_kfp(getattr(project, name))()
    assert caught.value.code == "E171" and "test_from_kfp.py" in caught.value.where


def test_a_file_does_not_keep_the_order_of_inputs_and_position_is_refused(kfp_itself) -> None:
    write, double = from_kfp(kfp_itself.file("write")), from_kfp(kfp_itself.file("double"))

    @ml.pipeline
    def flow() -> None:
        write("abc", 2)
        double(1)

    assert findings_of(flow) == ["E175", "E113", "E113"]


# Embedding ---------------------------------------------------------------------------------------------------------


def test_a_step_stays_a_step_and_takes_options(project: ModuleType) -> None:
    say = from_kfp(project.say)

    @ml.pipeline
    def flow() -> None:
        say.options(cpu="2", image="python:3.12", environment={"A": "b"}, retries=3, timeout_s=9, secrets={"T": "s/k"})(
            "a"
        )
        say("b")
        say("c")

    graph = graph_of(flow)
    assert sorted(graph.components) == ["comp-say", "comp-say-2"]
    changed = graph.executors[graph.components["comp-say"].executor_label].container
    plain = graph.executors[graph.components["comp-say-2"].executor_label].container
    assert (changed.image, changed.resources.resource_cpu_limit) == ("python:3.12", "2")
    assert changed.command == plain.command and plain.resources is None and plain.image == "python:3.11"
    assert graph.root.dag.tasks["say"].retry_policy.max_retry_count == 3
    settings = graph.platform_settings(graph.components["comp-say"].executor_label)
    assert settings["activeDeadlineSeconds"] == "9" and settings["secretAsEnv"][0]["secretName"] == "s"


def test_a_pipeline_keeps_its_components_without_clashes(project, tmp_path: Path) -> None:
    nested, say = from_kfp(project.nested), from_kfp(project.say)

    @ml.component(name="say")
    def own(text: str) -> str:
        return text + "-own"

    @ml.pipeline
    def flow(line: str = "m") -> str:
        return say(own(nested(line)), suffix="!")

    graph = graph_of(flow)
    assert {name for name in graph.components if name.startswith("comp-say")} == {
        "comp-say",
        "comp-say-2",
    }
    assert run(flow, tmp_path) == {"Output": "M| M|M|M|-own!"}


def test_a_pipeline_that_is_called_twice_stands_once(project: ModuleType) -> None:
    train = from_kfp(project.train)

    @ml.pipeline
    def flow() -> None:
        train("a")
        train("b", copies=4)

    assert sum(name.startswith("comp-train") for name in graph_of(flow).components) == 1


def test_artifacts_of_two_uses_do_not_share_a_component(project: ModuleType) -> None:
    write = from_kfp(project.write)

    @ml.pipeline
    def flow() -> None:
        write("a")
        write("b")

    graph = graph_of(flow)
    assert len(graph.components) == 2 and len(graph.executors) == 1


def test_platform_settings_and_settings_of_the_run_move_along(project: ModuleType) -> None:
    on_a_cluster = from_kfp(project.on_a_cluster)

    @ml.pipeline
    def flow(secret: str = "other") -> str:
        return on_a_cluster(secret)

    graph = graph_of(flow)
    kubernetes = graph.platforms["kubernetes"]
    assert kubernetes.pipeline_config == {"resourceTtlOnCompletion": 600}
    labels = {graph.components[name].executor_label for name in graph.components if "environment" in name}
    assert labels == set(kubernetes.deployment_spec.executors) and len(labels) == 2
    asked = [
        settings["secretAsEnv"][0]["secretNameParameter"] for settings in kubernetes.deployment_spec.executors.values()
    ]
    assert {"componentInputParameter": "secret"} in asked


def test_two_pipelines_that_want_different_things_of_the_run_are_refused(kfp_itself) -> None:
    text = kfp_itself.file("on_a_cluster").read_text()
    one, other = from_kfp(text), from_kfp(text.replace("resourceTtlOnCompletion: 600", "resourceTtlOnCompletion: 60"))

    @ml.pipeline
    def flow() -> None:
        one()
        one.options(name="again")()
        other()

    assert findings_of(flow) == ["E174"]


def test_an_option_of_one_container_is_refused_for_a_pipeline(project: ModuleType) -> None:
    with pytest.raises(AuthoringError) as caught:
        from_kfp(project.train).options(cpu="2")
    assert caught.value.code == "E172" and "'cpu'" in caught.value.message
    assert from_kfp(project.train).options(retries=2).task_options.retries == 2


def test_an_exit_task_of_kfp_is_handed_the_status(project, tmp_path: Path) -> None:
    clean_up, say = from_kfp(project.clean_up), from_kfp(project.say)

    @ml.pipeline
    def flow() -> str:
        with ml.ExitHandler(clean_up, note="bye"):
            said = say("x")
        return said

    result = ml.run(flow, home=tmp_path, progress=Silent())
    assert result.succeeded and {"clean-up"} <= set(result.tasks)


@pytest.mark.slow
def test_the_same_sources_give_the_same_bytes_in_every_process(tmp_path: Path, project: ModuleType) -> None:
    import os
    import subprocess
    import sys

    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import kfp_project, milonga as ml\nfrom milonga.compiler.interop import from_kfp\n"
        "nested = from_kfp(kfp_project.nested)\n"
        "@ml.pipeline\ndef flow(line: str = 'a') -> str:\n    return nested(line)\n"
        "print(ml.compile(flow))"
    )
    (tmp_path / "flow.py").write_text(program)
    texts = {
        subprocess.run(
            [sys.executable, "-W", "ignore", str(tmp_path / "flow.py"), str(Path(project.__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1 and "comp-nested" in texts.pop()


# By itself ---------------------------------------------------------------------------------------------------------


def test_alone_it_is_the_graph_that_it_was(project: ModuleType) -> None:
    grade = from_kfp(project.grade)
    assert trace(grade).graph is grade.graph
    wrapped = trace(grade.options(retries=1)).graph
    assert wrapped.root.dag.tasks["grade"].retry_policy.max_retry_count == 1


@pytest.mark.parametrize("form", [str, Path])
def test_a_file_a_path_and_a_text_are_the_same(kfp_itself, form: type) -> None:
    path = kfp_itself.file("train")
    made = from_kfp(form(path))
    assert isinstance(made, ReadyMade) and made.graph == from_kfp(path.read_text()).graph
