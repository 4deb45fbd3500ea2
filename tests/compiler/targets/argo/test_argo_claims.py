"""Steps that make or remove a volume claim: the API server does it, and everybody can tell the claim's name."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import uuid

import pytest
from argo_claim_pipelines import argument, call_of, graph_of, made_claim, objects_of, removed_claim, template_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from milonga.compiler.targets.argo.origins import Origins
from milonga.compiler.targets.argo.places import Places
from milonga.errors import UnsupportedByTarget
from milonga.runtime.argo.claims import claim_digest, claim_name

NAME_OF_CLAIM = {"taskOutputParameter": {"producerTask": "claim", "outputParameterKey": "name"}}


def test_a_claim_is_made_by_the_api_server_and_by_no_container() -> None:
    objects = objects_of(graph_of({"claim": made_claim(pvc_name_suffix="-my-pvc")}))
    template = template_of(objects, call_of(objects, "claim")["template"])
    assert "container" not in template
    assert template["resource"] == {
        "action": "apply",
        "setOwnerReference": False,
        "manifest": "{{inputs.parameters.m}}",
    }
    made = argument(call_of(objects, "claim"), "m")
    assert '"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"5Mi"}}}' in made
    assert f"workflow.name + '-{claim_digest('claim')}' + '-my-pvc'" in made


def test_a_claim_with_a_name_of_its_own_must_not_be_there_yet() -> None:
    objects = objects_of(graph_of({"claim": made_claim(pvc_name="mine", storage_class_name="")}))
    assert template_of(objects, "createpvc")["resource"]["action"] == "create"
    claim = json.loads(argument(call_of(objects, "claim"), "m"))
    assert claim["metadata"] == {"name": "mine"}
    assert claim["spec"]["storageClassName"] == ""


def test_a_claim_is_removed_by_the_name_that_the_step_before_has_given_it() -> None:
    objects = objects_of(graph_of({"claim": made_claim(), "gone": removed_claim(NAME_OF_CLAIM, "claim")}))
    assert template_of(objects, "deletepvc")["resource"]["action"] == "delete"
    assert "tasks['claim'].outputs.parameters['name']" in argument(call_of(objects, "gone"), "m")
    assert template_of(objects, "createpvc")["outputs"]["parameters"][0]["valueFrom"]["jsonPath"] == "{.metadata.name}"


@given(st.dictionaries(st.text("ab{}$'\"\\\n\x85é😀", min_size=1), st.text("{}$'\"\\\n\x7f\x85é😀ab"), max_size=3))
@settings(max_examples=50, deadline=None)
def test_texts_of_the_author_reach_the_claim_and_are_no_templates(annotations: dict[str, str]) -> None:
    assume("{{$" not in json.dumps(annotations))  # a placeholder of KFP
    objects = objects_of(graph_of({"claim": made_claim(pvc_name="mine", annotations=annotations)}))
    made = argument(call_of(objects, "claim"), "m")
    assert "{{" not in made
    assert "$" not in made
    assert json.loads(made)["metadata"]["annotations"] == annotations


def test_values_of_the_run_are_written_anew_as_json() -> None:
    graph = graph_of({"claim": made_claim(size={"componentInputParameter": "size"})}, inputs={"size": "STRING"})
    made = argument(call_of(objects_of(graph), "claim"), "m")
    assert re.search(r'"storage":\{\{=(replace\(){3}toJson\(fromJSON\(workflow\.parameters\[\'size\'\]\)\)', made)


def test_who_gets_the_name_as_data_can_tell_it_without_the_store() -> None:
    told = {"componentRef": {"name": "comp-told"}, "inputs": {"parameters": {"text": NAME_OF_CLAIM}}}
    graph = graph_of({"claim": made_claim(pvc_name_suffix="-x"), "told": told})
    places = Places(graph)
    inputs, _ = Origins(graph, places).inputs(places.inside(places.root, "told"))
    assert inputs["text"][1][:3] == ["claim", "claim", 0]
    assert claim_name("run-1", "claim", (), "-x") == f"run-1-{claim_digest('claim')}-x"
    assert claim_name("run-1", "claim", (0, 3), "x") == f"run-1-{claim_digest('claim')}-0-3-x"


def test_a_claim_with_two_names_or_none_to_remove_is_refused() -> None:
    with pytest.raises(UnsupportedByTarget, match="E317"):
        objects_of(graph_of({"claim": made_claim(pvc_name="a", pvc_name_suffix="b")}))
    with pytest.raises(UnsupportedByTarget, match="E317"):
        objects_of(graph_of({"gone": removed_claim({"runtimeValue": {"constant": ""}})}))


@pytest.mark.cluster
@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get("KUBECONFIG") or shutil.which("kubectl") is None, reason="needs a cluster with Argo Workflows"
)
def test_a_real_controller_makes_and_removes_the_claim() -> None:
    note = 'b$c \\ " é😀 {{workflow.name}}'
    graph = graph_of(
        {
            "claim": made_claim(pvc_name_suffix="-x", annotations={"a": note}),
            "gone": removed_claim(NAME_OF_CLAIM, "claim"),
        }
    )
    *maps, workflow = objects_of(graph, "Workflow")
    namespace = f"claims-{uuid.uuid4().hex[:8]}"
    rules = [
        {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]},
        {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["get", "create", "patch", "delete"]},
    ]
    access = "rbac.authorization.k8s.io"
    kubectl("create", "namespace", namespace)
    try:
        kubectl("-n", namespace, "create", "serviceaccount", "workflow")
        role = {"apiVersion": f"{access}/v1", "kind": "Role", "metadata": {"name": "workflow"}, "rules": rules}
        binding = {
            "apiVersion": f"{access}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "workflow"},
            "roleRef": {"apiGroup": access, "kind": "Role", "name": "workflow"},
            "subjects": [{"kind": "ServiceAccount", "name": "workflow"}],
        }
        workflow["spec"]["serviceAccountName"] = "workflow"
        for item in (role, binding, *maps):
            kubectl("-n", namespace, "create", "-f", "-", text=json.dumps(item))
        name = kubectl("-n", namespace, "create", "-f", "-", "-o", "name", text=json.dumps(workflow)).strip()
        kubectl("-n", namespace, "wait", name, "--for=condition=Completed", "--timeout=120s")
        status = json.loads(kubectl("-n", namespace, "get", name, "-o", "json"))["status"]
        assert status["phase"] == "Succeeded", status
        made = next(node for node in status["nodes"].values() if node["displayName"] == "claim")
        wanted = claim_name(name.partition("/")[2], "claim", (), "-x")
        assert made["outputs"]["parameters"][0]["value"] == wanted
        assert "gone" in [node["displayName"] for node in status["nodes"].values() if node["phase"] == "Succeeded"]
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")


def kubectl(*arguments: str, text: str = "") -> str:
    return subprocess.run(["kubectl", *arguments], input=text, capture_output=True, text=True, check=True).stdout
