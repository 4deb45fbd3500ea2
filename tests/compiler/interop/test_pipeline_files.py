"""Files with a pipeline: IR files, single steps, and the manifests that KFP keeps in Kubernetes."""

from __future__ import annotations

from pathlib import Path

import pytest

import milonga
from milonga.compiler.documents import dump_yaml, load_graph
from milonga.compiler.interop.pipeline_files import graph_of_text, read_graph
from milonga.compiler.rules import check
from milonga.engine.progress import Silent
from milonga.errors import InvalidPipeline


@milonga.component
def add(a: int, b: int = 2) -> int:
    return a + b


def documents_of_step() -> dict:
    """A specification whose root is the step itself."""
    document = milonga.compiler.trace.trace(add).graph.to_documents()[0]
    step = document.pop("components")["comp-add"]
    return {**document, "root": step}


def test_a_file_is_read_as_it_is(kfp_itself) -> None:
    path = kfp_itself.file("on_a_cluster")
    assert read_graph(path) == load_graph(path)
    assert read_graph(path).places["root/environment"].line > 1


def test_a_single_step_gets_a_pipeline_around_it(tmp_path: Path) -> None:
    graph = graph_of_text(dump_yaml(documents_of_step()))
    assert [finding for finding in check(graph) if finding.severity == "error"] == []
    result = milonga.run(graph, {"a": 3}, home=tmp_path, progress=Silent())
    assert result.outputs == {"Output": 5}


@pytest.mark.parametrize("name", ["double", "on_a_cluster"])
@pytest.mark.parametrize("with_pipeline", [True, False])
def test_a_manifest_holds_a_pipeline(kfp_itself, name: str, with_pipeline: bool) -> None:
    graph = load_graph(kfp_itself.file(name))
    first, *rest = graph.to_documents()
    head = {"apiVersion": "pipelines.kubeflow.org/v2beta1"}
    version = {**head, "kind": "PipelineVersion", "metadata": {"name": "v"}, "spec": {"pipelineSpec": first}}
    if rest:
        version["spec"]["platformSpec"] = rest[0]
    pipeline = {**head, "kind": "Pipeline", "metadata": {"name": "p"}}
    text = "---\n".join(dump_yaml(document) for document in ([pipeline, version] if with_pipeline else [version]))
    assert graph_of_text(text) == graph


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "E204"),
        ("- a", "E201"),
        ("kind: PipelineVersion", "E202"),
        ("kind: PipelineVersion\nspec: {pipelineSpec: 3}", "E201"),
        ("kind: PipelineVersion\nspec: {pipelineSpec: {}, platformSpec: [1]}", "E203"),
        ("\0", "E200"),
    ],
)
def test_what_is_no_pipeline_is_named_with_its_file(text: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    with pytest.raises(InvalidPipeline) as caught:
        read_graph(path)
    assert caught.value.code == code and caught.value.where.startswith(str(path))
