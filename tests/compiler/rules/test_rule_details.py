"""What the wrong programs do not show of the rules: their grammars, their silence, their speed."""

import json
import os
from pathlib import Path

import pytest

from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Graph
from milonga.compiler.rules import check
from milonga.compiler.rules.credentials import looks_secret, shape_of
from milonga.compiler.rules.images import NOBODY_CHOSE
from milonga.compiler.rules.placeholders import Placeholder, placeholders_in
from milonga.compiler.rules.platform_fields import EXECUTOR_FIELDS, PIPELINE_FIELDS
from milonga.compiler.rules.platform_values import problems_of
from milonga.compiler.trace.library import DEFAULT_IMAGE

SHARED = Path(__file__).resolve().parents[4] / "shared"
CONFORMANCE = Path(os.environ.get("MILONGA_CONFORMANCE") or SHARED / "conformance")
SCHEMAS = Path(os.environ.get("MILONGA_SCHEMAS") or SHARED / "schemas")
CORPUS = [
    path
    for folder in ("valid", "kubernetes-platform")
    for path in sorted((CONFORMANCE / "kfp-ir" / folder).glob("*.yaml"))
]
needs_corpus = pytest.mark.skipif(not CORPUS, reason="the corpus of KFP files is not here (MILONGA_CONFORMANCE)")


def step(**container: object) -> Graph:
    """A pipeline of one step."""
    return Graph.from_documents(
        (
            {
                "pipelineInfo": {"name": "p"},
                "root": {"dag": {"tasks": {"work": {"componentRef": {"name": "comp"}}}}},
                "components": {"comp": {"executorLabel": "exec"}},
                "deploymentSpec": {"executors": {"exec": {"container": {"image": NOBODY_CHOSE, **container}}}},
            },
        )
    )


def codes(graph: Graph) -> list[str]:
    return [finding.code for finding in check(graph)]


@needs_corpus
def test_the_files_of_kfp_have_no_finding_but_true_warnings():
    """Two tasks with one display name, an input that nothing uses, a relative mount: they are in the files."""
    found = [
        (path.stem, finding.severity, finding.code)
        for path in CORPUS
        for finding in check(load_graph(path))
        if finding.code != "E256"
    ]
    assert found == [
        ("loop_consume_upstream", "warning", "E265"),
        ("loop_consume_upstream", "warning", "E265"),
        ("parallel_for_mount_pvc", "warning", "E238"),
        ("general_ephemeral_volume", "warning", "E268"),
    ]


@needs_corpus
def test_an_image_is_named_once_a_file_however_many_steps_use_it():
    for path in CORPUS:
        messages = [finding.message for finding in check(load_graph(path)) if finding.code == "E256"]
        assert len(messages) == len(set(messages)), path.stem


def test_the_image_of_a_step_without_one_is_no_choice_of_the_author():
    assert NOBODY_CHOSE == DEFAULT_IMAGE
    assert codes(step()) == []


@pytest.mark.parametrize(
    "image",
    [
        "alpine@sha256:" + "0" * 64,
        "localhost:5000/team/step@sha256:" + "a" * 64,
        "ghcr.io/a/b-c_d/e__f:v1.2-rc.3@sha256:" + "a" * 64,
        "[2001:db8::1]:5000/x@sha256:" + "a" * 64,
        "{{$.inputs.parameters['image']}}",
    ],
)
def test_a_pinned_image_is_right(image):
    assert not {"E255", "E256"} & set(codes(step(image=image)))


@pytest.mark.parametrize("image", ["Alpine", "a b", "alpine:", "alpine@sha256:12", "/alpine", "a//b", "alpine:la test"])
def test_an_image_that_no_runtime_can_pull_is_an_error(image):
    assert codes(step(image=image)) == ["E255"]


@pytest.mark.parametrize(
    ("image", "told"), [("alpine", "pushed last"), ("a/b:latest", "pushed last"), ("a:1", "not pinned")]
)
def test_an_image_that_may_change_is_a_warning(image, told):
    (finding,) = check(step(image=image))
    assert (finding.code, finding.severity) == ("E256", "warning") and told in finding.message


# Written in two parts, so that no scanner takes this file for a leak.
SHAPES = {
    "a GitHub token": "ghp_" + "a1B2" * 9,
    "an AWS access key": "AKIA" + "ABCDEFGH12345678",
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\n",
    "a Google API key": "AIza" + "a1B2_" * 7,
    "a Hugging Face token": "hf_" + "aB" * 17,
    "a Slack token": "xoxb-" + "1234567890-abcdefghij",
    "a signed web token": "eyJ" + "hbGciOiJIUzI1NiJ9." + "eyJ" + "zdWIiOiIxMjM0In0." + "SflKxwRJSMeKKF2QT4",
    "a URL with a password": "postgresql://ml:" + "s3cr3t@db.example.org/runs",
}


@pytest.mark.parametrize("what", SHAPES)
def test_a_credential_is_known_by_its_shape_wherever_it_stands(what):
    value = SHAPES[what]
    assert shape_of(value) == shape_of(f"curl -H 'Authorization: {value}' https://example.org") == what
    graph = step(args=["--config", json.dumps({"key": value})], env=[{"name": "LEVEL", "value": value}])
    found = check(graph)
    assert [(finding.code, finding.severity) for finding in found] == [("E258", "warning")] * 2
    told = "".join(json.dumps(finding.to_json()) for finding in found)
    assert value not in told and json.dumps(value)[1:-1] not in told and what in told


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/a:b@c",
        "https://user:password@example.org",
        "https://$(USER):$(PASSWORD)@example.org",
        "https://{user}:{password}@example.org",
        "ghp_short",
        "AKIAIOSFODNN7",
        "-----BEGIN CERTIFICATE-----",
        "task-sk-learn",
        "x" * 3000 + "hf_" + "a" * 34,
    ],
)
def test_what_only_resembles_a_credential_is_none(text):
    assert shape_of(text) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("DB_PASSWORD", "hunter2"),
        ("dbPassword", "hunter2"),
        ("api_key", "abc123"),
        ("API-KEY", "abc123"),
        ("accessToken", "abc123"),
        ("client_secret", "abc123"),
        ("token", "q7Wm2xK9vB4nL8pRt5Yc"),
    ],
)
def test_a_credential_is_known_by_its_name(name, value):
    assert looks_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", ""),
        ("password", "$(PASSWORD)"),
        ("password", "{{$.inputs.parameters['password']}}"),
        ("password_file", "/run/secrets/password"),
        ("password", "/run/secrets/password"),
        ("secret_name", "store"),
        ("secret", "my-secret"),
        ("secret_parm", "test-secret-1"),
        ("token", "</s>"),
        ("pad_token", "[PAD]"),
        ("eos_token_id", "50256"),
        ("tokenizer", "bert-base-uncased"),
        ("max_tokens", "1024"),
        ("token", "a sentence of several words"),
        ("partition_key", "abc123"),
        ("api_key_name", "abc123"),
        ("keyboard", "qwertyuiop123456789"),
        ("model", "q7Wm2xK9vB4nL8pRt5Yc"),
    ],
)
def test_a_name_alone_is_no_credential(name, value):
    assert not looks_secret(name, value)


def test_a_flag_of_the_command_is_a_name_as_well():
    for args in (["--password", "hunter2"], ["--db-password=hunter2"], ["--api-key", "abc123"]):
        (finding,) = check(step(args=args))
        assert finding.code == "E258" and "hunter2" not in str(finding) and "abc123" not in str(finding)
    assert codes(step(args=["--password", "--verbose"])) == []
    assert codes(step(args=["--password-file", "/run/p"])) == []


def test_placeholders_are_found_in_texts_and_in_the_json_around_them():
    text = """cp "{{$.inputs.artifacts['data'].path}}" {{$.outputs.parameters['n'].output_file}} {{$}}"""
    assert list(placeholders_in(text)) == [Placeholder("data", "artifact"), Placeholder("n", "parameter", True)]
    nested = json.dumps({"IfPresent": {"InputName": "x", "Then": ["--x", "{{$.inputs.parameters['y']}}"]}})
    assert set(placeholders_in(nested)) == {Placeholder("y", "parameter"), Placeholder("x")}
    assert list(placeholders_in('{"IfPresent": ' * 5000)) == []


def _constant(value: object) -> dict:
    return {"runtimeValue": {"constant": value}}


def _of_json(value: object) -> dict:
    return {"tolerationJson": _constant(value)}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"fieldPathAsEnv": [{"name": "1A"}]}, "no digit first"),
        ({"fieldPathAsEnv": [{"name": "A-B"}]}, "a shell cannot read"),
        ({"fieldPathAsEnv": [{"name": "A"}, {"name": "A"}]}, "set twice"),
        ({"tolerations": [_of_json({"key": "a", "operator": "In"})]}, "Exists, Equal"),
        ({"tolerations": [_of_json([{"operator": "Exists", "effect": "Never"}])]}, "NoExecute"),
        ({"fieldPathAsEnv": [{"name": "", "fieldPath": "x"}]}, "environment variable is none"),
        ({"pvcMount": [{"mountPath": "/a:b"}]}, "can be mounted"),
        ({"pvcMount": [{"mountPath": "a"}]}, "relative path"),
        ({"emptyDirMounts": [{"mountPath": "/a/"}], "pvcMount": [{"mountPath": "/a"}]}, "under one path"),
        ({"imagePullSecret": [{"secretName": "A"}]}, "DNS-1123"),
        ({"config_map_as_env": [{"config_map_name": "a_b"}]}, "DNS-1123"),
        ({"pvcMount": [{"pvcNameParameter": {"runtimeValue": {"constant": "-a"}}, "mountPath": "/a"}]}, "DNS-1123"),
        ({"imagePullPolicy": "always"}, "Always, Never, IfNotPresent"),
        ({"activeDeadlineSeconds": "0"}, "at least 1"),
        ({"tolerations": [{"key": "a", "operator": "In"}]}, "Exists, Equal"),
        ({"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}, "no value"),
        ({"tolerations": [{"operator": "Equal"}]}, "without a key"),
        ({"tolerations": [{"key": "a", "effect": "Never"}]}, "NoExecute"),
        ({"tolerations": [{"key": "a", "tolerationSeconds": 5}]}, "with seconds"),
        ({"nodeAffinity": [{"matchExpressions": [{"key": "a", "operator": "Equals"}]}]}, "NotIn"),
        ({"initContainers": [{"name": "a", "restartPolicy": "Never"}]}, "Always"),
        ({"initContainers": [{"name": "a", "env": [{"name": "="}]}]}, "environment variable is none"),
    ],
)
def test_what_kubernetes_refuses_in_a_pod_is_found(settings, told):
    (problem,) = problems_of(settings)
    assert told in f"{problem.message} {problem.expected}"


@pytest.mark.parametrize(
    "settings",
    [
        {"secretAsEnv": [{"secretName": "a.b-c", "keyToEnv": [{"envVar": "_A1", "secretKey": "k.y_z"}]}]},
        {"tolerations": [{"operator": "Exists"}, {"key": "a", "value": "b", "effect": ""}, {"tolerationJson": {}}]},
        {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": "5"}]},
        {"podMetadata": {"labels": {"effect": "any", "secretName": "A_B"}}},
        {"pod_metadata": {"annotations": {"restart_policy": "x"}}},
        {"nodeSelector": {"labels": {"effect": "x"}, "nodeSelectorJson": _constant({"effect": "x"})}},
        {"podAffinity": [{"matchPodLabels": {"effect": "x"}, "match_namespace_labels": {"restartPolicy": "Never"}}]},
        {"nodeAffinity": [{"nodeAffinityJson": _constant({"matchFields": {"effect": "x"}})}]},
        {"tolerations": [_of_json(None), {"tolerationJson": {"componentInputParameter": "effect"}}]},
        {"ofNoTable": {"effect": "x"}, "secretAsEnv": [{"ofNoTable": [{"effect": "x"}]}]},
        {"pvcMount": [{"pvcNameParameter": {"componentInputParameter": "P_V_C"}, "mountPath": "/a"}]},
        {"tolerations": "what", "env": 5, "pvcMount": [[], None], "nodeAffinity": [{"matchExpressions": [5]}]},
    ],
)
def test_what_kubernetes_takes_in_a_pod_is_no_finding(settings):
    assert list(problems_of(settings)) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"secretAsEnv": [{"secretName": "s", "keyToEnv": [{"envVar": "TOKEN", "secretKey": "k"}]}]},
        {"config_map_as_env": [{"config_map_name": "s", "key_to_env": [{"env_var": "TOKEN", "config_map_key": "k"}]}]},
        {"fieldPathAsEnv": [{"name": "TOKEN", "fieldPath": "metadata.name"}]},
    ],
)
def test_a_variable_of_the_container_and_of_a_setting_is_set_twice(settings):
    (problem,) = problems_of(settings, ["TOKEN", "MODE"])
    assert ("set twice" in problem.message, problem.got, problem.severity) == (True, "TOKEN", "warning")
    assert list(problems_of(settings, ["MODE"])) == []
    assert list(problems_of({"initContainers": [{"name": "a", "env": [{"name": "TOKEN"}]}]}, ["TOKEN"])) == []


def test_the_table_of_fields_is_that_of_the_published_schema():
    path = SCHEMAS / "kfp" / "v2.17" / "PlatformSpec-kubernetes.v2alpha1.schema.json"
    if not path.is_file():
        pytest.skip("the schemas are not here (MILONGA_SCHEMAS)")
    definitions = json.loads(path.read_text("utf-8"))["$defs"]

    def fields(schema: dict) -> dict | None:
        """What the schema says about names, in the form of the table."""
        schema = schema.get("items", schema)
        if "$ref" in schema:
            schema = definitions[schema["$ref"].rpartition("/")[2]]
        if "properties" not in schema:
            return None
        return {name: fields(inner) for name, inner in schema["properties"].items()}

    published = fields(definitions["kfp_kubernetes.KubernetesExecutorConfig"])
    newer = {"initContainers", "podResourceClaims"}
    assert {name: known for name, known in EXECUTOR_FIELDS.items() if name not in newer} == published
    of_the_run = fields(definitions["ml_pipelines.PipelineConfig"])
    assert {name: known for name, known in PIPELINE_FIELDS.items() if name != "resourceTtl"} == of_the_run


@pytest.mark.slow
def test_five_thousand_tasks_with_conditions_are_checked():
    tasks = {
        f"t{number}": {
            "componentRef": {"name": "comp"},
            "inputs": {
                "parameters": {
                    "a": {"taskOutputParameter": {"producerTask": f"t{number - 1}", "outputParameterKey": "b"}}
                    if number
                    else {"runtimeValue": {"constant": 1}},
                    "c": {"runtimeValue": {"constant": "text"}},
                }
            },
            "triggerPolicy": {"condition": f"inputs.parameter_values['a'] == {number}"},
            "taskInfo": {"name": f"t{number}"},
        }
        for number in range(5000)
    }
    border = {
        "executorLabel": "exec",
        "inputDefinitions": {
            "parameters": {"a": {"parameterType": "NUMBER_INTEGER"}, "c": {"parameterType": "STRING"}}
        },
        "outputDefinitions": {"parameters": {"b": {"parameterType": "NUMBER_INTEGER"}}},
    }
    graph = Graph.from_documents(
        (
            {
                "pipelineInfo": {"name": "long"},
                "root": {"dag": {"tasks": tasks}},
                "components": {"comp": border},
                "deploymentSpec": {"executors": {"exec": {"container": {"image": NOBODY_CHOSE}}}},
            },
        )
    )
    assert codes(graph) == ["E260"]
