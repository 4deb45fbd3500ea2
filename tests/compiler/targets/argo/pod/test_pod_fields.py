"""Settings that are known when the pipeline is compiled."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pod_samples import constant, constants, fields_of, given

from milonga.compiler.graph import Container, EnvironmentVariable, Resources
from milonga.compiler.graph.executor import Accelerator
from milonga.compiler.targets.argo.pod import POD_CELLS
from milonga.errors import UnsupportedByTarget


def resources(**fields: Any) -> Container:
    return Container(image="python:3.11", resources=Resources(**fields))


def refusal(container: Container | None = None, /, **settings: Any) -> UnsupportedByTarget:
    with pytest.raises(UnsupportedByTarget) as caught:
        fields_of(container, **settings)
    assert caught.value.code == "E315"
    return caught.value


def test_a_plain_step_has_an_image_and_nothing_else() -> None:
    fields = fields_of()
    assert fields.container == {"image": "python:3.11"}
    assert fields.template == {}


def test_variables_keep_their_order_and_the_last_of_a_name_counts() -> None:
    env = (EnvironmentVariable("A", "1"), EnvironmentVariable("B"), EnvironmentVariable("A", "$(B)"))
    fields = fields_of(Container(image="i", env=env))
    assert fields.container["env"] == [{"name": "B", "value": ""}, {"name": "A", "value": "$(B)"}]


def test_secrets_config_maps_and_fields_of_the_pod_come_after_declared_variables() -> None:
    fields = fields_of(
        Container(image="i", env=(EnvironmentVariable("A", "1"),)),
        secretAsEnv=[{"secretName": "old", "secretNameParameter": constant("s"), "optional": True,
                      "keyToEnv": [{"secretKey": "k", "envVar": "S"}]}],
        configMapAsEnv=[{"configMapName": "c", "keyToEnv": [{"configMapKey": "k", "envVar": "C"}]}],
        fieldPathAsEnv=[{"name": "IP", "fieldPath": "status.podIP"}],
    )  # fmt: skip
    assert fields.container["env"][1:] == [
        {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}},
        {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    ]


def test_volumes_have_names_of_their_own_and_absolute_places() -> None:
    fields = fields_of(
        secretAsVolume=[{"secretName": "my.secret", "mountPath": "/s"}],
        configMapAsVolume=[{"configMapName": "c", "mountPath": "/c", "optional": True}],
        pvcMount=[{"constant": "p", "mountPath": "data", "subPath": "a/b"}],
        emptyDirMounts=[{"volumeName": "milonga-out", "mountPath": "/e", "medium": "Memory", "sizeLimit": "1Gi"}],
        genericEphemeralVolume=[
            {"volumeName": "g", "mountPath": "/g", "size": "5Gi", "accessModes": ["ReadWriteOnce"],
             "defaultStorageClass": True, "metadata": {"annotations": {"a": "b"}}},
        ],
        enabledSharedMemory={"volumeName": "shm", "size": "64Mi"},
    )  # fmt: skip
    assert fields.template["volumes"] == [
        {"name": "secret-0", "secret": {"secretName": "my.secret", "optional": False}},
        {"name": "config-map-0", "configMap": {"name": "c", "optional": True}},
        {"name": "claim-148de9c5a7a4", "persistentVolumeClaim": {"claimName": "p"}},
        {"name": "empty-0", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
        {"name": "ephemeral-0", "ephemeral": {"volumeClaimTemplate": {
            "metadata": {"annotations": {"a": "b"}},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}}}},
        {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
    ]  # fmt: skip
    assert [mount["mountPath"] for mount in fields.container["volumeMounts"]] == [
        *("/s", "/c", "/data", "/e", "/g", "/dev/shm")
    ]
    assert fields.container["volumeMounts"][2]["subPath"] == "a/b"


def test_an_ephemeral_volume_may_name_its_storage_class() -> None:
    entry = {"mountPath": "/g", "size": "1Gi", "accessModes": ["ReadWriteOnce"], "storageClassName": "fast"}
    claim = fields_of(genericEphemeralVolume=[entry]).template["volumes"][0]["ephemeral"]["volumeClaimTemplate"]
    assert claim["spec"]["storageClassName"] == "fast"


@pytest.mark.parametrize(
    "settings",
    [
        {"secretAsVolume": [{"secretName": "s"}]},
        {"secretAsVolume": [{"mountPath": "/s"}]},
        {"pvcMount": [{"mountPath": "/s"}]},
        {"pvcMount": [{"constant": "p", "mountPath": "/s", "subPath": "../x"}]},
        {"emptyDirMounts": [{"mountPath": "/s", "sizeLimit": "much"}]},
        {"emptyDirMounts": [{"mountPath": "/s"}, {"mountPath": "s/"}]},
        {"genericEphemeralVolume": [{"mountPath": "/s"}]},
    ],
)
def test_a_volume_that_no_pod_can_have_is_refused(settings: dict[str, Any]) -> None:
    refusal(**settings)


def test_limits_requests_and_accelerators_are_quantities() -> None:
    accelerator = Accelerator(resource_type="nvidia.com/gpu", resource_count="2")
    fields = fields_of(
        resources(resource_cpu_limit="2", memory_limit=4.0, resource_cpu_request="500m", accelerator=accelerator)
    )
    assert fields.container["resources"] == {
        "limits": {"cpu": "2", "memory": "4G", "nvidia.com/gpu": "2"},
        "requests": {"cpu": "500m"},
    }


def test_placeholders_of_constants_are_filled_in() -> None:
    text = "{{$.inputs.parameters['size']}}Gi"
    fields = fields_of(
        Container(
            image='{{$.inputs.parameters["image"]}}',
            resources=Resources(resource_memory_limit=text, resource_cpu_limit="{{$.inputs.parameters['none']}}"),
        ),
        parameter=constants(size=4.0, image="busybox", none=None),
    )
    assert fields.container == {"image": "busybox", "resources": {"limits": {"memory": "4Gi"}}}


@pytest.mark.parametrize(
    "container",
    [
        resources(resource_memory_limit="much"),
        resources(resource_memory_limit="{{$.inputs.uri}}"),
        resources(accelerator=Accelerator(type="NVIDIA_TESLA_T4", count=1)),
        resources(accelerator=Accelerator(count=1)),
        Container(image="{{$.outputs.parameters['x'].output_file}}"),
        Container(),
        Container(image="i", lifecycle={"preCacheCheck": {"command": ["x"]}}),
    ],
)
def test_a_container_that_no_pod_can_run_is_refused(container: Container) -> None:
    refusal(container)


def test_selectors_affinities_and_tolerations_are_those_of_kubernetes() -> None:
    expression = {"key": "k", "operator": "In", "values": ["v"]}
    required, preferred = (f"{word}DuringSchedulingIgnoredDuringExecution" for word in ("required", "preferred"))
    fields = fields_of(
        nodeSelector={"labels": {"disk": "ssd"}},
        nodeAffinity=[
            {"matchExpressions": [expression]},
            {"matchFields": [expression], "weight": 5.0},
            {"nodeAffinityJson": constant({preferred: [{"weight": 100.0, "preference": {}}]})},
            {"nodeAffinityJson": constant({})},
        ],
        podAffinity=[
            {"matchPodLabels": {"a": "b"}, "topologyKey": "zone", "namespaces": ["n"]},
            {"matchPodExpressions": [expression], "matchNamespaceLabels": {}, "topologyKey": "h", "anti": True,
             "weight": "3"},
        ],
        tolerations=[
            {"key": "k", "operator": "Equal", "value": "v", "effect": "NoExecute", "tolerationSeconds": "10"},
            {"tolerationJson": constant([{"key": "l", "operator": "Exists", "tolerationSeconds": 5.0}])},
            {"tolerationJson": constant({})},
        ],
    )  # fmt: skip
    assert fields.template == {
        "nodeSelector": {"disk": "ssd"},
        "affinity": {
            "nodeAffinity": {
                required: {"nodeSelectorTerms": [{"matchExpressions": [expression]}]},
                preferred: [
                    {"weight": 5, "preference": {"matchFields": [expression]}},
                    {"weight": 100, "preference": {}},
                ],
            },
            "podAffinity": {
                required: [{"labelSelector": {"matchLabels": {"a": "b"}}, "namespaces": ["n"], "topologyKey": "zone"}]
            },
            "podAntiAffinity": {
                preferred: [
                    {
                        "weight": 3,
                        "podAffinityTerm": {"labelSelector": {"matchExpressions": [expression]}, "topologyKey": "h"},
                    }
                ]
            },
        },
        "tolerations": [
            {"key": "k", "operator": "Equal", "value": "v", "effect": "NoExecute", "tolerationSeconds": 10},
            {"key": "l", "operator": "Exists", "tolerationSeconds": 5},
        ],
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"nodeSelector": {"nodeSelectorJson": constant("disk=ssd")}},
        {"nodeSelector": {"nodeSelectorJson": constant({"disk": 1})}},
        {"tolerations": [{"tolerationJson": constant("all")}]},
        {"tolerations": [{"tolerationJson": constant({"effects": "x"})}]},
        {"nodeAffinity": [{"nodeAffinityJson": constant({"required": []})}]},
        {"podAffinity": [{"matchPodLabels": {"a": "b"}}]},
        {"imagePullPolicy": "Sometimes"},
        {"activeDeadlineSeconds": "soon"},
        {"securityContext": {"runAsUser": "0", "runAsNonRoot": True}},
        {"podResourceClaims": [{"name": "gpu"}]},
        {"initContainers": [{"name": "wait", "image": "i"}]},
        {"initContainers": [{"name": "a", "image": "i", "volumeMounts": [{"volumeName": "x", "mountPath": "/x"}]}]},
    ],
)
def test_a_setting_that_kubernetes_refuses_is_refused_by_name(settings: dict[str, Any]) -> None:
    assert next(iter(settings)) in refusal(**settings).message


def test_an_error_says_of_which_step() -> None:
    from milonga.compiler.targets.argo.pod import pod_fields

    with pytest.raises(UnsupportedByTarget) as caught:
        pod_fields(Container(), {}, value=constants(), parameter=constants(), where="train")
    assert caught.value.where == "train"


def test_user_and_group_stand_at_the_pod_and_a_demand_on_the_image_at_its_container() -> None:
    fields = fields_of(securityContext={"runAsUser": "1000", "runAsGroup": 0, "runAsNonRoot": True})
    assert fields.template["securityContext"] == {"runAsUser": 1000, "runAsGroup": 0, "runAsNonRoot": True}
    assert "securityContext" not in fields.container
    assert fields_of(securityContext={"runAsNonRoot": True}).container["securityContext"] == {"runAsNonRoot": True}


def test_deadline_pull_policy_labels_and_annotations() -> None:
    fields = fields_of(
        activeDeadlineSeconds="20",
        imagePullPolicy="Always",
        podMetadata={"labels": {"a": "{{$.inputs.parameters['x']}}"}, "annotations": {"b": "{{workflow.name}}"}},
        parameter=constants(x=7),
    )
    assert fields.template["activeDeadlineSeconds"] == 20
    assert fields.container["imagePullPolicy"] == "Always"
    assert fields.template["metadata"]["labels"] == {"a": "7"}
    assert "workflow.name" in fields.template["metadata"]["annotations"]["b"]
    assert "{{workflow" not in fields.template["metadata"]["annotations"]["b"]
    assert "activeDeadlineSeconds" not in fields_of(activeDeadlineSeconds="0").template


def test_an_init_container_mounts_the_volume_that_has_the_name() -> None:
    fields = fields_of(
        emptyDirMounts=[{"volumeName": "other", "mountPath": "/o"}, {"volumeName": "shared", "mountPath": "/data"}],
        initContainers=[
            {"name": "prepare", "image": "busybox", "command": ["sh"], "args": ["-c", "echo {{pod.name}}"],
             "env": [{"name": "A", "value": "b"}], "restartPolicy": "Always",
             "resources": {"limits": {"memory": "1Gi"}},
             "volumeMounts": [{"volumeName": "shared", "mountPath": "/d"}]},
        ],
    )  # fmt: skip
    (container,) = fields.template["initContainers"]
    assert container["volumeMounts"] == [{"name": "empty-1", "mountPath": "/d"}]
    assert container["resources"] == {"limits": {"memory": "1Gi"}}
    assert "{{pod.name}}" not in container["args"][1]


def test_what_only_the_run_knows_is_patched_into_the_pod_as_json() -> None:
    fields = fields_of(
        Container(image="{{$.inputs.parameters['image']}}", env=(EnvironmentVariable("A", '{{b}} "'),)),
        nodeSelector={"nodeSelectorJson": given("labels")},
        pvcMount=[{"pvcNameParameter": given("claim"), "mountPath": "/d"}],
        secretAsEnv=[{"secretNameParameter": given("secret"), "keyToEnv": [{"secretKey": "k", "envVar": "S"}]}],
    )
    assert "volumes" not in fields.template and "volumeMounts" not in fields.container
    patch = fields.template["podSpecPatch"]
    assert '"nodeSelector":{{inputs.parameters.labels}}' in patch
    assert '"persistentVolumeClaim":{"claimName":{{inputs.parameters.claim}}}' in patch
    assert patch.count("{{") == patch.count("{{=") + 2 == 6


def test_image_pull_secrets_which_templates_have_no_field_for_are_patched() -> None:
    fields = fields_of(imagePullSecret=[{"secretName": "s"}, {"secretNameParameter": constant(None)}])
    assert json.loads(fields.template["podSpecPatch"]) == {"imagePullSecrets": [{"name": "s"}]}


def test_names_that_were_not_given_leave_their_settings_out() -> None:
    absent = {"secretNameParameter": constant(None), "mountPath": "/s", "keyToEnv": [{"secretKey": "k", "envVar": "S"}]}
    assert fields_of(secretAsEnv=[absent], secretAsVolume=[absent]).container == {"image": "python:3.11"}


def test_the_table_has_a_cell_for_each_setting_of_the_platform() -> None:
    from milonga.compiler.constructs.kubernetes import EXECUTOR_FIELDS

    assert {f"k8s-{field}" for field in EXECUTOR_FIELDS} <= set(POD_CELLS)
