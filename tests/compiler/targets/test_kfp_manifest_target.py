"""KFP's Kubernetes resources: valid for their schemas, and a new version exactly when the pipeline is another."""

import json
import os
from pathlib import Path

import constructs
import jsonschema
import pytest
import yaml

import milonga
from milonga.compiler.graph import Graph
from milonga.compiler.targets import target_named
from milonga.compiler.trace import trace

SHARED = Path(os.environ.get("MILONGA_SHARED", Path(__file__).parents[4] / "shared"))
SCHEMAS = SHARED / "schemas" / "kfp" / "v2.17"

manifest = target_named("kfp-manifest")


@milonga.pipeline(display_name="On a node")
def on_a_node() -> None:
    """Runs on a node."""
    constructs.add.options(node_selector={"disk": "ssd"})(1)


def resources(pipeline) -> list[dict]:
    return list(yaml.safe_load_all(milonga.compile(pipeline, target="kfp-manifest")))


def test_a_pipeline_and_its_version_hold_both_documents():
    pipeline, version = resources(on_a_node)
    specification, platforms = trace(on_a_node).graph.to_documents()
    assert pipeline["kind"] == "Pipeline"
    assert pipeline["metadata"] == {"name": "on-a-node"}
    assert pipeline["spec"] == {"displayName": "On a node", "description": "Runs on a node."}
    assert version["kind"] == "PipelineVersion"
    assert version["spec"]["pipelineName"] == "on-a-node"
    assert version["spec"]["pipelineSpec"] == specification
    assert version["spec"]["platformSpec"] == platforms


def test_the_version_is_named_by_the_content():
    def name(pipeline):
        return resources(pipeline)[1]["metadata"]["name"]

    assert name(on_a_node) == name(on_a_node)
    assert name(on_a_node) == f"on-a-node-{trace(on_a_node).graph.digest()[:12]}"

    @milonga.pipeline(name="on-a-node")
    def changed() -> None:
        constructs.add(2)

    assert name(changed) != name(on_a_node)


def findings_for(name: str) -> list[str]:
    document = trace(constructs.branches).graph.to_documents()[0]
    document["pipelineInfo"]["name"] = name
    return [finding.code for finding in manifest.findings(Graph.from_documents((document,)))]


@pytest.mark.parametrize("name", ["Branches {}", "a..b", "a.-b", "a-.b", "-a", "a.", "", "a" * 241])
def test_a_name_that_kubernetes_does_not_take_is_named(name):
    assert findings_for(name) == ["E301"]


@pytest.mark.parametrize("name", ["a", "a.b", "a--b", "0.1", "a" * 240])
def test_a_name_of_kubernetes_is_not(name):
    assert not findings_for(name)


@pytest.mark.parametrize("pipeline", [on_a_node, constructs.branches], ids=lambda pipeline: pipeline.name)
def test_the_resources_are_valid_for_the_published_schemas(pipeline):
    if not SCHEMAS.is_dir():
        pytest.skip("no KFP schemas here; set MILONGA_SHARED to the folder that holds schemas/")
    for document in resources(pipeline):
        schema = json.loads((SCHEMAS / f"{document['kind']}.v2beta1.schema.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(document)
