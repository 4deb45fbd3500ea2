"""The text for Vertex: one document that its client and its older reader take."""

import json
import os
import re
from pathlib import Path

import constructs
import pytest
import yaml

import milonga
from milonga.backends.vertex.jobs import new_job_id
from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Graph
from milonga.compiler.targets import target_named
from milonga.compiler.trace import trace

CORPUS = Path(os.environ.get("MILONGA_CONFORMANCE") or Path(__file__).parents[4] / "shared" / "conformance")
FILES = sorted([*CORPUS.glob("kfp-ir/valid/**/*.yaml"), *CORPUS.glob("kfp-ir/kubernetes-platform/**/*.yaml")])
NEWER = {"literals", "taskConfigPassthroughs", "singlePlatformSpecs", "downloadToWorkspace", "cacheKey"}
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast on files with code in them

vertex = target_named("vertex")


def keys_of(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from keys_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys_of(item)


@milonga.pipeline
def on_kubernetes() -> None:
    constructs.add.options(timeout_s=60, secrets={"TOKEN": "registry/token"}, gpu=1, cache_key="mine")(1)


def test_there_is_one_document_whatever_the_pipeline_asks_of_kubernetes():
    text = milonga.compile(on_kubernetes, target="vertex")
    document = yaml.safe_load(text)  # Google's client reads it so, and fails on two
    assert document["pipelineInfo"]["name"] == "on-kubernetes"
    assert "platforms" not in text


def test_what_the_file_leaves_out_is_named_before():
    found = {(finding.code, finding.construct) for finding in vertex.findings(trace(on_kubernetes).graph)}
    assert found == {
        ("E304", "k8s-secretAsEnv"),
        ("E304", "k8s-activeDeadlineSeconds"),
        ("E304", "cache-key"),
        ("E301", ""),  # nvidia.com/gpu is no type of Google's
    }


def test_a_pipeline_for_vertex_has_no_findings():
    @milonga.pipeline
    def for_vertex() -> int:
        return constructs.add.options(cpu=4, memory="16Gi", gpu=1, gpu_type="NVIDIA_TESLA_T4", retries=2)(1)

    assert not list(vertex.findings(trace(for_vertex).graph))


@pytest.mark.parametrize(
    ("options", "got"), [({"cpu": 128}, "128"), ({"memory": "700Gi"}, "700Gi"), ({"memory": "1e12"}, "1e12")]
)
def test_a_machine_that_vertex_does_not_have_is_named(options, got):
    @milonga.pipeline
    def too_large() -> int:
        return constructs.add.options(**options)(1)

    (finding,) = vertex.findings(trace(too_large).graph)
    assert (finding.code, finding.got) == ("E301", got)


@pytest.mark.parametrize("name", ["My_Pipeline", "Über {pipeline}", "x" * 300, "☃"])
def test_any_name_will_do_for_the_job_has_an_id_of_its_own(name):
    document = trace(constructs.branches).graph.to_documents()[0]
    document["pipelineInfo"]["name"] = name
    graph = Graph.from_documents((document,))
    assert not list(vertex.findings(graph))
    assert re.fullmatch("[a-z][-a-z0-9]{0,127}", new_job_id(graph))


@pytest.mark.parametrize(
    ("resources", "got"), [({"cpuLimit": 97}, "97"), ({"memoryLimit": 700.5}, "700.5G"), ({"memoryLimit": 1e30}, "")]
)
def test_sizes_in_the_older_fields_count_as_well(resources, got):
    document = trace(constructs.add).graph.to_documents()[0]
    document["deploymentSpec"]["executors"]["exec-add"]["container"]["resources"] = resources
    (finding,) = vertex.findings(Graph.from_documents((document,)))
    assert finding.code == "E301"
    assert got in finding.got


def test_the_newer_text_hides_the_older_number():
    document = trace(constructs.add).graph.to_documents()[0]
    container = document["deploymentSpec"]["executors"]["exec-add"]["container"]
    container["resources"] = {"cpuLimit": 97, "resourceCpuLimit": "2"}
    assert not list(vertex.findings(Graph.from_documents((document,))))


@pytest.mark.skipif(not FILES, reason="the shared KFP corpus is not here; MILONGA_CONFORMANCE names its folder")
def test_every_file_of_the_corpus_becomes_one_document_with_older_fields_only():
    for path in FILES:
        graph = load_graph(path)
        document = yaml.load(vertex.emit(graph), LOADER)
        specification = json.loads(json.dumps(document))
        assert not NEWER & set(keys_of({**specification, "deploymentSpec": {}})), path
        if graph.platforms is not None:
            assert list(vertex.findings(graph)), f"{path}: the second document is gone without a word"


@pytest.mark.skipif(not FILES, reason="the shared KFP corpus is not here; MILONGA_CONFORMANCE names its folder")
def test_what_needs_no_reduction_is_the_same_pipeline():
    for path in FILES:
        graph = load_graph(path)
        if graph.platforms is None and not NEWER & set(keys_of(graph.to_documents()[0])):
            again = Graph.from_documents((yaml.load(vertex.emit(graph), LOADER),))
            assert again == graph, path
