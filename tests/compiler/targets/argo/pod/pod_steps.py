"""One step for each kind of setting, which the real controller runs."""

from __future__ import annotations

from typing import Any

from pod_cluster import IMAGE
from pod_samples import constant, fields_of, given, template_of

from milonga.compiler.graph import Container, EnvironmentVariable, Resources
from milonga.compiler.graph.executor import Accelerator

TEXT = "{{workflow.name}} {{=1+1}} {{ {{{ }}} '\"\\ \té€😀 <&> {{inputs.parameters.text}} $$(MY_LATER) {{item}}"
VALUES: dict[str, Any] = {
    "text": "v{{workflow.name}}'\"\\<&>",
    "label": "ok",
    "three": 3,
    "million": 1000000,
    "half": 0.25,
    "none": None,
    "secret": "sec",
    "map": "settings",
    "claim": "data",
    "selector": {"kubernetes.io/os": "linux"},
    "toleration": {"key": "c", "operator": "Exists"},
    "tolerations": [{"key": "b", "operator": "Exists"}],
    "affinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}]
        },
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 5, "preference": {"matchExpressions": [{"key": "y", "operator": "DoesNotExist"}]}}
        ],
    },
    "image": IMAGE.rpartition(":")[2],
    "resource": "ephemeral-storage",
}
SHOW = (
    "python3",
    "-c",
    "import json, os, glob, sys\n"
    "found = {name: text for name, text in os.environ.items() if name[:3] == 'MY_'}\n"
    "paths = glob.glob('/my/*/*') + glob.glob('/my/*/*/*')\n"
    "files = {path: open(path).read() for path in paths if os.path.isfile(path)}\n"
    "print(json.dumps([found, files, [os.getuid(), os.getgid()], os.statvfs('/dev/shm').f_blocks]))\n",
)


def step(image: str = IMAGE, **fields: Any) -> Container:
    return Container(image=image, **fields)


def placeholder(name: str) -> str:
    return f"{{{{$.inputs.parameters['{name}']}}}}"


def templates() -> dict[str, dict[str, Any]]:
    env = (EnvironmentVariable("MY_TEXT", TEXT), EnvironmentVariable("MY_NEXT", "$(MY_TEXT)-$$(MY_TEXT)"))
    metadata = {
        "annotations": {"text": TEXT, "value": f"a-{placeholder('text')}-{placeholder('none')}"},
        "labels": {"value": placeholder("label")},
    }
    plain = template_of(fields_of(step(env=env), podMetadata=metadata), *SHOW)
    names = template_of(
        fields_of(
            step(env=env),
            secretAsEnv=[
                {"secretNameParameter": given("secret"), "keyToEnv": [{"envVar": "MY_SECRET", "secretKey": "k"}]},
                {"secretNameParameter": given("none"), "keyToEnv": [{"envVar": "MY_NONE", "secretKey": "k"}]},
                {"secretName": "absent", "optional": True, "keyToEnv": [{"envVar": "MY_ABSENT", "secretKey": "k"}]},
            ],
            configMapAsEnv=[
                {"configMapNameParameter": given("map"), "keyToEnv": [{"envVar": "MY_MAP", "configMapKey": "k"}]}
            ],
            secretAsVolume=[
                {"secretNameParameter": given("secret"), "mountPath": "/my/s1"},
                {"secretNameParameter": given("none"), "mountPath": "/my/s2"},
                {"secretName": "sec", "mountPath": "/my/s3"},
            ],
            configMapAsVolume=[{"configMapNameParameter": given("map"), "mountPath": "/my/c1"}],
            imagePullSecret=[
                {"secretNameParameter": given("secret")},
                {"secretNameParameter": given("none")},
                {"secretName": "plain"},
            ],
        ),
        *SHOW,
    )
    placed = fields_of(
        nodeSelector={"nodeSelectorJson": given("selector")},
        tolerations=[
            {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": "30"},
            *({"tolerationJson": given(name)} for name in ("tolerations", "none", "toleration")),
        ],
        nodeAffinity=[
            {"matchExpressions": [{"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}]},
            {"nodeAffinityJson": given("affinity")},
            {"nodeAffinityJson": given("none")},
        ],
        podAffinity=[{"matchPodLabels": {"no": "one"}, "topologyKey": "kubernetes.io/hostname", "anti": True}],
    )
    unplaced = fields_of(
        nodeSelector={"nodeSelectorJson": given("none")},
        tolerations=[{"tolerationJson": given("none")}],
        nodeAffinity=[{"nodeAffinityJson": given("none")}],
    )
    amounts = Resources(
        resource_memory_limit=f"{placeholder('three')}00Mi",
        resource_memory_request=placeholder("million"),
        resource_cpu_limit=placeholder("none"),
        resource_cpu_request=placeholder("half"),
        accelerator=Accelerator(resource_type=placeholder("resource"), resource_count=f"{placeholder('three')}0Mi"),
    )
    sized = fields_of(Container(image=f"{IMAGE.rpartition(':')[0]}:{placeholder('image')}", resources=amounts))
    fill = "mkdir -p /p/below/it; printf hello | tee /p/a > /p/below/it/a"
    claims = fields_of(
        pvcMount=[
            {"pvcNameParameter": given("claim"), "mountPath": "/my/p1", "subPath": "below/it"},
            {"pvcNameParameter": given("claim"), "mountPath": "/my/p2"},
            {"constant": "data", "mountPath": "/my/p3"},
        ],
        initContainers=[
            {"name": "prepare", "image": IMAGE, "command": ["sh", "-c", fill],
             "volumeMounts": [{"volumeName": "data", "mountPath": "/p"}]},
        ],
    )  # fmt: skip
    volumes = fields_of(
        emptyDirMounts=[{"volumeName": "shared", "mountPath": "/my/e", "medium": "Memory", "sizeLimit": "1Mi"}],
        genericEphemeralVolume=[
            {"volumeName": "g", "mountPath": "/my/g", "size": "1Mi", "accessModes": ["ReadWriteOnce"],
             "defaultStorageClass": True, "metadata": {"labels": {"made": "here"}}},
        ],
        enabledSharedMemory={"volumeName": "shm", "size": "8Mi"},
        fieldPathAsEnv=[{"name": "MY_LABEL", "fieldPath": "metadata.labels['value']"}],
        podMetadata={"labels": {"value": "here"}},
        securityContext={"runAsUser": "1234", "runAsGroup": "2345", "runAsNonRoot": True},
        activeDeadlineSeconds="200",
        initContainers=[
            {"name": "prepare", "image": IMAGE, "command": ["sh", "-c"], "args": ['printf %s "$WHAT" > /d/from-init'],
             "env": [{"name": "WHAT", "value": "{{pod.name}}"}],
             "volumeMounts": [{"volumeName": "shared", "mountPath": "/d"}]},
        ],
    )  # fmt: skip
    refused = fields_of(Container(image=IMAGE, resources=Resources(resource_memory_limit=placeholder("label"))))
    return {
        "plain": plain,
        "retried": {**plain, "retryStrategy": {"limit": 1, "retryPolicy": "Always"}},
        "names": names,
        "placed": template_of(placed, *SHOW),
        "unplaced": template_of(unplaced, *SHOW),
        "sized": template_of(sized, *SHOW),
        "volumes": template_of(volumes, *SHOW),
        "claims": template_of(claims, *SHOW),
        "refused": template_of(refused, *SHOW),
        "late": template_of(fields_of(activeDeadlineSeconds="2"), "sleep", "60"),
        "never": template_of(fields_of(imagePullPolicy="Never", imagePullSecret=[{"secretName": "s"}]), *SHOW),
        "constant": template_of(fields_of(nodeSelector={"nodeSelectorJson": constant({"kubernetes.io/os": "linux"})}),
                                *SHOW),
    }  # fmt: skip
