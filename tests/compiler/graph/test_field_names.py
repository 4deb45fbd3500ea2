"""Kubernetes settings are read in one spelling and written in the author's."""

import copy
import pickle
import re

import pytest

from milonga.compiler.graph import Graph
from milonga.compiler.graph.field_names import AUTHORS_OWN, in_camel_case
from milonga.compiler.rules.platform_fields import EXECUTOR_FIELDS, PIPELINE_FIELDS

SETTINGS = {
    "secret_as_env": [{"secret_name": "s", "key_to_env": [{"secret_key": "a_key", "env_var": "MY_VAR"}]}],
    "node_selector": {"labels": {"disk_type": "fast_ssd"}},
    "pod_metadata": {"annotations": {"my_note": {"a_b": "c"}}},
    "tolerations": [{"toleration_json": {"runtime_value": {"constant": {"toleration_seconds": 5}}}}],
}
READ = {
    "secretAsEnv": [{"secretName": "s", "keyToEnv": [{"secretKey": "a_key", "envVar": "MY_VAR"}]}],
    "nodeSelector": {"labels": {"disk_type": "fast_ssd"}},
    "podMetadata": {"annotations": {"my_note": {"a_b": "c"}}},
    "tolerations": [{"tolerationJson": {"runtimeValue": {"constant": {"toleration_seconds": 5}}}}],
}


def documents(platform: str = "kubernetes") -> tuple[dict, dict]:
    specification = {
        "pipelineInfo": {"name": "p"},
        "root": {"dag": {"tasks": {"one": {"componentRef": {"name": "comp-one"}}}}},
        "components": {"comp-one": {"executorLabel": "exec-one"}},
        "deploymentSpec": {"executors": {"exec-one": {"container": {"image": "busybox"}}}},
    }
    settings = {
        "deploymentSpec": {"executors": {"exec-one": copy.deepcopy(SETTINGS)}},
        "pipelineConfig": {
            "resource_ttl_on_completion": 5,
            "workspace": {"kubernetes": {"pvc_spec_patch": {"a_b": 1}}},
        },
    }
    return specification, {"platforms": {platform: settings}}


def test_fields_are_read_in_camel_case_and_what_the_author_named_stays():
    graph = Graph.from_documents(documents())
    assert graph.platform_settings("exec-one") == READ
    assert graph.run_settings() == {
        "resourceTtlOnCompletion": 5,
        "workspace": {"kubernetes": {"pvcSpecPatch": {"a_b": 1}}},
    }
    assert graph.wants_workspace


def test_what_is_written_is_what_was_there():
    graph = Graph.from_documents(documents())
    assert graph.to_documents() == documents()
    assert graph.replace(sdk_version="x").to_documents()[1] == documents()[1]
    again = pickle.loads(pickle.dumps(graph))
    assert again == graph
    assert again.platform_settings("exec-one") == READ


def test_other_platforms_have_spellings_of_their_own():
    graph = Graph.from_documents(documents("slurm"))
    assert graph.platform_settings("exec-one", "slurm") == SETTINGS
    assert "resource_ttl_on_completion" in graph.run_settings("slurm")
    assert not graph.platform_settings("exec-one")
    assert not graph.run_settings()


def test_settings_in_camel_case_are_not_copied():
    assert in_camel_case(READ) is READ


def test_of_both_spellings_the_first_choice_of_protobuf_counts_in_any_order():
    assert in_camel_case({"pvc_mount": [1], "pvcMount": [2]}) == {"pvcMount": [2]}
    assert in_camel_case({"pvcMount": [2], "pvc_mount": [1]}) == {"pvcMount": [2]}


def example(fields, spelled):
    """Every field that the rules know, as deep as they know it."""
    if fields is None:
        return {"an_own_key": 1}
    return {spelled(name): [example(inner, spelled)] if inner is not None else 1 for name, inner in fields.items()}


def snake_case(name: str) -> str:
    return re.sub("([A-Z])", lambda found: "_" + found.group(1).lower(), name)


@pytest.mark.parametrize("fields", [EXECUTOR_FIELDS, PIPELINE_FIELDS], ids=["executor", "run"])
def test_every_field_that_the_rules_know_is_read_in_both_spellings(fields):
    assert in_camel_case(example(fields, snake_case)) == example(fields, str)


@pytest.mark.parametrize("name", sorted(AUTHORS_OWN))
def test_keys_of_the_authors_own_are_left_alone(name):
    assert in_camel_case({snake_case(name): {"a_b": {"c_d": 1}}}) == {name: {"a_b": {"c_d": 1}}}
