"""Fields and types: the table of ours is the definitions, and definitions in any form give the same verdicts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from argo_manifests import FLOW, SCHEMAS, documents, needs_schemas, said
from table_of_schemas import table_text

from milonga.compiler.targets.argo.gate import VERSIONS, findings
from milonga.compiler.targets.argo.gate.document import Document
from milonga.compiler.targets.argo.gate.node import Node
from milonga.compiler.targets.argo.gate.shapes import field_table
from milonga.compiler.targets.argo.gate.shapes.cel_rules import faults_of_rules
from milonga.compiler.targets.argo.gate.shapes.shape import Rule
from milonga.errors import UnsupportedByTarget

KIND = "Workflow"
RULES = """
group: argoproj.io
names: {kind: Workflow}
versions:
- name: v1alpha1
  schema:
    openAPIV3Schema:
      type: object
      required: [spec]
      properties:
        apiVersion: {type: string}
        kind: {type: string}
        metadata: {type: object}
        status: {type: object, x-kubernetes-preserve-unknown-fields: true}
        spec:
          type: object
          x-kubernetes-validations:
          - {rule: "!has(self.suspend) || !self.suspend", message: no suspended ones here}
          - {rule: "self.exotic.all(x, x.y.map(z, z))", message: unreadable}
          properties:
            entrypoint: {type: string}
            serviceAccountName: {type: string, minLength: 2, enum: [main, m]}
            suspend: {type: boolean}
            priority: {type: integer, format: int32, minimum: 0}
            limit: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
            exotic: {type: array, maxItems: 1, items: {type: string, nullable: true, pattern: "^a$"}}
            labels: {type: object, additionalProperties: {type: string}}
            arguments: {x-kubernetes-preserve-unknown-fields: true}
            templates: {type: array, items: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


def definition() -> dict[str, Any]:
    return {"kind": "CustomResourceDefinition", "spec": yaml.safe_load(RULES)}


def workflow(**spec: Any) -> dict[str, Any]:
    templates = [{"name": "main", "suspend": {}, "what": "ever"}]
    head = {"apiVersion": "argoproj.io/v1alpha1", "kind": KIND, "metadata": {"name": "w"}}
    return {**head, "spec": {"entrypoint": "main", "templates": templates, **spec}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "crd.yaml").write_text(yaml.safe_dump(definition()), encoding="utf-8")
    return tmp_path


@needs_schemas
def test_the_table_of_fields_is_what_the_definitions_of_all_lines_say() -> None:
    written = Path(field_table.__file__).with_name("fields.txt").read_text("utf-8")
    assert written == table_text(SCHEMAS), "run tests/compiler/targets/argo/gate/table_of_schemas.py"


def test_the_table_can_be_read_without_a_definition() -> None:
    for version in VERSIONS:
        kinds = field_table.table_shapes(version)
        assert set(kinds) == {"ConfigMap", "Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow"}
        assert ("schedule" in kinds["CronWorkflow"].fields["spec"].fields) is (version == "3.7")


@pytest.mark.parametrize(
    ("spec", "code", "at"),
    [
        ({"serviceAccountName": "main"}, "", ""),
        ({"serviceAccountName": "m"}, "E324", "serviceAccountName"),
        ({"serviceAccountName": "more"}, "E324", "serviceAccountName"),
        ({"suspend": True}, "E325", "spec"),
        ({"suspend": "{{x}}"}, "E342", "suspend"),
        ({"priority": 2**31}, "E324", "priority"),
        ({"priority": -1}, "E324", "priority"),
        ({"priority": True}, "E324", "priority"),
        ({"limit": 1.5}, "E324", "limit"),
        ({"limit": "{{x}}"}, "", ""),
        ({"exotic": ["a\n"]}, "E324", "exotic"),
        ({"exotic": [None, "a"]}, "E324", "exotic"),
        ({"labels": {"a": 1}}, "E324", "labels.a"),
        ({"arguments": 1}, "", ""),
        ({"metrics": {}}, "E323", "metrics"),
    ],
)
def test_definitions_of_a_cluster_are_taken_at_their_word(
    folder: Path, spec: dict[str, Any], code: str, at: str
) -> None:
    found = [
        finding
        for finding in said([workflow(**spec)], schemas=folder)
        if finding.code < "E327" or finding.code == "E342"
    ]
    unchecked = [finding for finding in found if finding.code == "E326"]
    assert bool(unchecked) is (code in ("", "E323", "E325")), "rules are held only against what is well formed"
    assert all(finding.severity == "warning" for finding in unchecked)
    rest = [finding for finding in found if finding.code != "E326"]
    assert {finding.code for finding in rest} == ({code} if code else set())
    assert all(finding.path.endswith(at) or at in finding.path for finding in rest)


@pytest.mark.parametrize("form", ["list", "json", "gzip", "several", "folder of a line", "crds-full"])
def test_definitions_are_found_in_every_form(tmp_path: Path, form: str) -> None:
    made = definition()
    other = {"kind": "CustomResourceDefinition", "spec": {"group": "argoproj.io", "names": {"kind": "Other"}}}
    texts = {
        "list": ("dump.yaml", yaml.safe_dump({"kind": "List", "items": [other, made]}).encode()),
        "json": ("dump.json", json.dumps({"items": [other, made]}, indent=1).encode()),
        "gzip": ("a.yaml.gz", gzip.compress(yaml.safe_dump(made).encode())),
        "several": ("a.yml", yaml.safe_dump_all([other, made]).encode()),
        "folder of a line": ("v4.0/a.yaml", yaml.safe_dump(made).encode()),
        "crds-full": ("crds-full/a.yaml", yaml.safe_dump(made).encode()),
    }
    name, content = texts[form]
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)
    for schemas in (tmp_path, tmp_path / name) if form == "list" else (tmp_path,):
        assert "E325" in {finding.code for finding in said([workflow(suspend=True)], schemas=schemas)}


@pytest.mark.parametrize("content", [None, b"", b"group: argoproj.io\n{", b"\xff\xfe", b"\x1f\x8bgroup: argoproj.io"])
def test_definitions_that_cannot_be_used_are_one_error(tmp_path: Path, content: bytes | None) -> None:
    for name in ("a.yaml", "a.yaml.gz"):
        file = tmp_path / name
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(UnsupportedByTarget) as caught:
            list(findings([workflow()], version="4.0", schemas=file))
        assert caught.value.code == "E322" and caught.value.where.startswith(str(tmp_path))


def test_minimal_definitions_leave_the_fields_to_the_table(tmp_path: Path) -> None:
    made = definition()
    made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
    }
    (tmp_path / "crd.yaml").write_text(yaml.safe_dump(made), encoding="utf-8")
    assert "E323" in {finding.code for finding in said([workflow(entripoint="x")], schemas=tmp_path)}


@needs_schemas
@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_definitions_as_yaml_say_what_their_json_schemas_say(version: str) -> None:
    faulty = documents(FLOW)
    faulty[0]["spec"]["templates"][0]["dag"]["tasks"][0]["withSequence"] = {"count": 1, "format": 2}
    faulty[0]["spec"]["templates"][4]["parallelism"] = 0
    faulty[0]["spec"]["entry"] = "x"
    as_json = said(faulty, version, schemas=SCHEMAS)
    assert said(faulty, version, schemas=SCHEMAS / f"v{version}" / "crds-full") == as_json
    assert {"E323", "E324"} <= {finding.code for finding in as_json}


@needs_schemas
@pytest.mark.parametrize("version", VERSIONS)
def test_every_rule_of_the_definitions_can_be_evaluated(version: str) -> None:
    rules = json.loads((SCHEMAS / f"v{version}" / "cel-rules.json").read_text("utf-8"))
    found = {(rule["rule"], rule["message"]) for of_kind in rules.values() for rule in of_kind}
    assert bool(found) is (version != "3.7")
    for text, message in found:
        document = Document.of(0, {"name": "a", "value": "x", "realtime": False})
        node = Node(document, (), [document.data] if "self.all" in text else document.data)
        assert list(faults_of_rules(node, (Rule(text, message),))) == []


def test_a_rule_over_all_elements_names_the_one_that_breaks_it() -> None:
    node = Node(Document.of(0, {"a": [{"x": 1}, {}, {"x": 1}]}), (), {"a": [{"x": 1}, {}, {"x": 1}]}).at("a")
    (fault,) = faults_of_rules(node, (Rule("self.all(t, has(t.x))", "needs x"),))
    assert fault.code == "E325" and fault.node.steps == ("a", 1)
