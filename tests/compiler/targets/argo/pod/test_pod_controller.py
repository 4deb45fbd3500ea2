"""What the real controller and the real kubelet make of the fields: all steps run once, in one workflow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pod_cluster import IMAGE, PodCluster
from pod_samples import escaped
from pod_steps import TEXT, VALUES, templates

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


@pytest.fixture(scope="module")
def ran(pods: PodCluster) -> dict[str, dict[str, Any]]:
    pods.create("Secret", "sec", {"stringData": {"k": "a secret"}})
    pods.create("ConfigMap", "settings", {"data": {"k": "a setting"}})
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    pods.create("PersistentVolumeClaim", "data", {"spec": claim})
    return pods.run(templates(), {name: escaped(value) for name, value in VALUES.items()})


def seen(ran: dict[str, dict[str, Any]], name: str) -> Any:
    """What the step printed: variables, files, user and group, blocks of shared memory."""
    assert ran[name]["node"]["phase"] == "Succeeded", ran[name]["node"].get("message")
    lines = [line for line in ran[name]["log"].splitlines() if line.startswith("[{")]  # Argo logs there as well
    assert len(lines) == 1, ran[name]["log"]
    return json.loads(lines[0])


def main_of(ran: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    containers: list[dict[str, Any]] = ran[name]["pod"]["spec"]["containers"]
    return next(container for container in containers if container["name"] == "main")


@pytest.mark.parametrize("name", ["plain", "retried(0)", "names"])
def test_variables_arrive_as_they_were_written_but_for_what_kubernetes_expands(ran: Any, name: str) -> None:
    variables = seen(ran, name)[0]
    expanded = TEXT.replace("$$", "$")
    assert variables["MY_TEXT"] == expanded
    assert variables["MY_NEXT"] == f"{expanded}-$(MY_TEXT)"


@pytest.mark.parametrize("name", ["plain", "retried(0)"])
def test_annotations_and_labels_arrive_with_values_of_the_run(ran: Any, name: str) -> None:
    metadata = ran[name]["pod"]["metadata"]
    assert metadata["annotations"]["text"] == TEXT
    assert metadata["annotations"]["value"] == "a-v{ {workflow.name}}'\"\\<&>-"
    assert metadata["labels"]["value"] == "ok"


def test_names_of_the_run_bring_secrets_and_config_maps_and_names_that_are_not_given_nothing(ran: Any) -> None:
    variables, files, *_ = seen(ran, "names")
    assert variables["MY_SECRET"] == "a secret" and variables["MY_MAP"] == "a setting"
    assert "MY_NONE" not in variables and "MY_ABSENT" not in variables
    assert files == {"/my/s1/k": "a secret", "/my/s3/k": "a secret", "/my/c1/k": "a setting"}
    assert ran["names"]["pod"]["spec"]["imagePullSecrets"] == [{"name": "sec"}, {"name": "plain"}]


def test_placement_is_joined_of_the_file_and_the_run(ran: Any) -> None:
    spec = ran["placed"]["pod"]["spec"]
    assert seen(ran, "placed")
    assert spec["nodeSelector"] == VALUES["selector"]
    assert [toleration["key"] for toleration in spec["tolerations"][:3]] == ["a", "b", "c"]
    assert spec["tolerations"][0]["tolerationSeconds"] == 30
    required, preferred = (f"{word}DuringSchedulingIgnoredDuringExecution" for word in ("required", "preferred"))
    affinity = spec["affinity"]["nodeAffinity"]
    keys = [term["matchExpressions"][0]["key"] for term in affinity[required]["nodeSelectorTerms"]]
    assert keys == ["kubernetes.io/os", "x"]
    assert affinity[preferred] == VALUES["affinity"][preferred]
    assert spec["affinity"]["podAntiAffinity"]


def test_placement_that_is_not_given_is_none(ran: Any) -> None:
    spec = ran["unplaced"]["pod"]["spec"]
    assert seen(ran, "unplaced")
    assert "nodeSelector" not in spec and not spec["affinity"]["nodeAffinity"]
    assert ran["constant"]["pod"]["spec"]["nodeSelector"] == VALUES["selector"]


def test_image_and_resources_are_those_of_the_run(ran: Any) -> None:
    assert seen(ran, "sized")
    assert main_of(ran, "sized")["image"] == IMAGE
    assert main_of(ran, "sized")["resources"] == {
        "limits": {"memory": "300Mi", "ephemeral-storage": "30Mi"},
        "requests": {"memory": "1M", "cpu": "250m", "ephemeral-storage": "30Mi"},
    }


def test_volumes_users_and_init_containers_are_those_of_the_step(ran: Any) -> None:
    variables, files, user, blocks = seen(ran, "volumes")
    assert variables["MY_LABEL"] == "here"
    assert files == {"/my/e/from-init": "{{pod.name}}"}
    assert user == [1234, 2345]
    assert 0 < blocks * 4096 <= 8 * 2**20
    assert ran["volumes"]["pod"]["spec"]["activeDeadlineSeconds"] <= 200


def test_mounts_of_one_claim_share_its_volume_whoever_names_it(ran: Any) -> None:
    files = seen(ran, "claims")[1]
    assert files["/my/p1/a"] == files["/my/p2/a"] == files["/my/p3/a"] == "hello"
    volumes = [volume for volume in ran["claims"]["pod"]["spec"]["volumes"] if "persistentVolumeClaim" in volume]
    assert len(volumes) == 1


def test_a_quantity_of_the_run_that_kubernetes_does_not_read_makes_the_step_fail_at_once(ran: Any) -> None:
    assert ran["refused"]["node"]["phase"] == "Error"
    assert "PodSpecPatch" in ran["refused"]["node"]["message"]


def test_a_step_ends_at_its_deadline(ran: Any) -> None:
    assert ran["late"]["node"]["phase"] == "Failed"
    assert "deadline" in ran["late"]["node"]["message"]


def test_an_image_that_is_never_pulled_is_taken_from_the_node(ran: Any) -> None:
    assert seen(ran, "never")
    assert main_of(ran, "never")["imagePullPolicy"] == "Never"
