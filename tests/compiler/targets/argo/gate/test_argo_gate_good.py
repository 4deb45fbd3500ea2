"""What a real cluster accepted, or its definitions accept, gives no finding."""

from __future__ import annotations

import json
import time

import pytest
import yaml
from argo_manifests import FLOW, OTHERS, SAMPLES, SCHEMAS, documents, needs_schemas, said

from milonga.compiler.targets.argo.gate import VERSIONS, findings
from milonga.errors import UnsupportedByTarget

LINES = pytest.mark.parametrize("version", VERSIONS)


@LINES
def test_a_workflow_that_a_real_controller_ran_gives_no_finding(version: str) -> None:
    assert list(map(str, said(documents(FLOW), version))) == []
    assert list(map(str, said(documents(), version))) == []


@needs_schemas
@LINES
def test_it_gives_none_beside_the_definitions_of_a_cluster(version: str) -> None:
    assert list(map(str, said(documents(), version, schemas=SCHEMAS))) == []


@needs_schemas
@pytest.mark.parametrize("by_definitions", [False, True])
@pytest.mark.parametrize(
    ("sample", "versions"),
    [("argo-workflow", VERSIONS), ("argo4-workflow", VERSIONS[1:]), ("argo4-cronworkflow", VERSIONS[1:])],
)
def test_samples_are_judged_as_their_authors_mean(sample: str, versions: tuple[str, ...], by_definitions: bool) -> None:
    schemas = SCHEMAS if by_definitions else None
    for version in versions:
        for document in documents((SAMPLES / f"{sample}.good.yaml").read_text("utf-8")):
            assert list(map(str, said([document], version, schemas=schemas))) == []
        for document in documents((SAMPLES / f"{sample}.bad.yaml").read_text("utf-8")):
            fault = document["metadata"]["annotations"]["fault-at"].split("/")
            last = next(word for word in reversed(fault) if not word.isdigit())
            assert any(last in finding.path for finding in said([document], version, schemas=schemas, warnings=False))


def test_a_constant_without_a_pod_needs_no_default() -> None:
    constant = documents(FLOW)
    group = next(entry for entry in constant[0]["spec"]["templates"] if entry["name"] == "branches-1")
    group["dag"]["tasks"] = [{"name": "never", "template": "bye", "when": "false"}]
    group["outputs"]["parameters"][0]["valueFrom"] = {"expression": "inputs.parameters['face']"}
    assert list(map(str, said(constant))) == []


@needs_schemas
def test_what_4_refuses_3_7_takes() -> None:
    for document in documents((SAMPLES / "argo4-workflow.bad.yaml").read_text("utf-8")):
        name = document["metadata"]["name"]
        codes = {finding.code for finding in said([document], "3.7")}
        # The last two pass admission of 3.7, and fail when the workflow runs.
        assert codes <= {"E353"} if name in ("singular-lock", "cache-key") else "E347" in codes


def test_documents_may_be_of_any_shape() -> None:
    for strange in ({}, {"kind": 3}, {"kind": "Workflow", "apiVersion": "argoproj.io/v1alpha1", "spec": [1]}):
        assert said([strange])
    text = json.dumps(documents())
    for old, new in (('"dag"', '"dag2"'), ('"tasks"', '"name"'), ('"value"', '"tasks"'), ('"name": "', '"name2": "')):
        assert said(json.loads(text.replace(old, new)))


@pytest.mark.parametrize("value", [None, 1, 1.5, True, "x", [], {}, [None], [[]], {"name": {}}, {"": 1}])
def test_no_value_at_any_place_makes_the_gate_fail(value: object) -> None:
    def places(node: object) -> list[tuple[object, object]]:
        children = (
            list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
        )
        return [(node, key) for key, _ in children] + [place for _, child in children for place in places(child)]

    for number in range(0, len(places(documents())), 17):
        changed = documents()
        holder, key = places(changed)[number]
        holder[key] = value  # type: ignore[index]
        for finding in findings(changed, version="4.0"):
            assert finding.code.startswith("E3")


def test_names_of_a_document_cannot_spoil_a_terminal() -> None:
    hostile = documents(FLOW)
    hostile[0]["metadata"]["generateName"] = "\x1b[2J"
    hostile[0]["spec"]["templates"][0]["name"] = "\x1b[31m\n"
    hostile[0]["spec"]["\x07"] = 1
    text = "".join(map(str, said(hostile)))
    assert text.isascii() and not any(ord(character) < 32 and character != "\n" for character in text)


def test_a_version_that_is_not_known_is_one_error() -> None:
    with pytest.raises(UnsupportedByTarget) as caught:
        list(findings([], version="3.6"))
    assert caught.value.code == "E320" and "4.1" in caught.value.expected


def test_findings_come_document_by_document_and_in_the_same_order_each_time() -> None:
    faulty = documents(OTHERS, FLOW)
    for document in faulty:
        document["metadata"]["name"] = "Upper"
    found = said(faulty)
    assert found == said(faulty)
    assert [finding.path.partition("/")[0] for finding in found if finding.code == "E347"] == [
        "WorkflowTemplate",
        "CronWorkflow",
        "ConfigMap",
        "Workflow",
    ]


@pytest.mark.slow
def test_a_chain_of_two_hundred_tasks_is_checked_in_seconds() -> None:
    tasks = [{"name": "t0", "template": "leaf"}]
    for number in range(1, 200):
        earlier = [f"t{before}" for before in range(max(0, number - 3), number)]
        depends = " && ".join(f"({name}.Succeeded || {name}.Failed || {name}.Omitted)" for name in earlier)
        values = [{"name": name, "value": f"{{{{tasks.{name}.outputs.parameters.v}}}}"} for name in earlier]
        arguments = {"parameters": values}
        tasks.append({"name": f"t{number}", "template": "leaf", "depends": depends, "arguments": arguments})
    leaf = yaml.safe_load(
        "{name: leaf, container: {image: a}, outputs: {parameters: [{name: v, valueFrom: {path: /o, default: x}}]}}"
    )
    workflow = documents(FLOW)[0]
    workflow["spec"] = {"entrypoint": "main", "templates": [{"name": "main", "dag": {"tasks": tasks}}, leaf]}
    start = time.process_time()
    assert {finding.code for finding in said([workflow])} <= {"E332"}
    assert time.process_time() - start < 20


@pytest.mark.parametrize(("begins", "expected"), [({}, []), ({"entrypoint": "show"}, ["E329"])])
def test_templates_for_other_workflows_may_read_what_those_are_given(
    begins: dict[str, str], expected: list[str]
) -> None:
    container = {"image": "busybox", "command": ["echo"], "args": ["{{workflow.parameters.text}}"]}
    library = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTemplate",
        "metadata": {"name": "library"},
        "spec": {**begins, "templates": [{"name": "show", "container": container}]},
    }
    assert [finding.code for finding in said([library])] == expected
