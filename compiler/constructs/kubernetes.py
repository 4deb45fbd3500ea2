"""Settings of the Kubernetes platform: one construct a field of KFP's executor and pipeline configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from milonga.compiler.constructs.base import Construct, Occurrence, tasks_where
from milonga.compiler.graph.own_settings import MILONGA
from milonga.compiler.graph.together import groups_of
from milonga.compiler.scope import Scope

EXECUTOR_FIELDS = {
    "secretAsEnv": "secrets as environment variables",
    "secretAsVolume": "secrets as files",
    "configMapAsEnv": "config maps as environment variables",
    "configMapAsVolume": "config maps as files",
    "fieldPathAsEnv": "facts of the pod as environment variables",
    "pvcMount": "persistent volumes",
    "emptyDirMounts": "scratch volumes of the pod",
    "genericEphemeralVolume": "volumes that live as long as the pod",
    "enabledSharedMemory": "a larger shared memory",
    "nodeSelector": "labels that the node must carry",
    "nodeAffinity": "affinity to nodes",
    "podAffinity": "affinity to pods",
    "tolerations": "tolerations of taints",
    "podMetadata": "labels and annotations of the pod",
    "imagePullSecret": "secrets for pulling images",
    "imagePullPolicy": "when images are pulled",
    "activeDeadlineSeconds": "a time limit of a task",
    "securityContext": "user and group of the process",
    "initContainers": "containers that run before the step",
    "podResourceClaims": "claims of devices",
}
"""Fields of `KubernetesExecutorConfig` (kubernetes_executor_config.proto at kfp-kubernetes 2.17 and newer)."""

PIPELINE_FIELDS = {
    "workspace": "a volume that all tasks of a run share",
    "resourceTtlOnCompletion": "how long a run's objects are kept",
    "resourceTtlOnSuccess": "how long objects of a good run are kept",
    "resourceTtlOnFailure": "how long objects of a failed run are kept",
    "activeDeadlineSeconds": "a time limit of the run",
    "resourceTtl": "how long a run's objects are kept, under its older name",
}
"""Fields of `PipelineConfig` (pipeline_spec.proto at 2.17); the last is what 2.14 to 2.16 called the second."""

_DYNAMIC = ("Parameter", "Json", "taskOutputParameter", "componentInputParameter")


def settings_of(scope: Scope, name: str) -> Mapping[str, Any]:
    """Kubernetes settings of a task's executor, empty when there are none."""
    used = scope.used(scope.tasks[name])
    return scope.graph.platform_settings((used.executor_label if used else None) or "")


def _executor_field(field: str, title: str) -> Construct:
    return Construct(f"k8s-{field}", title, tasks_where(lambda scope, name: field in settings_of(scope, name)))


def _pipeline_field(field: str, title: str) -> Construct:
    def find(scope: Scope) -> Iterator[Occurrence]:
        if scope.is_root and field in scope.graph.run_settings():
            yield Occurrence()

    return Construct("workspace" if field == "workspace" else f"run-{field}", title, find)


def _from_value(scope: Scope, name: str) -> str:
    """Whether a setting is a value of the run. KFP writes constants in that form as well, since 2.13."""
    return next(_dynamic_keys(settings_of(scope, name)), "")


def _dynamic_keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            dynamic = isinstance(item, Mapping) and ("componentInputParameter" in item or "taskOutputParameter" in item)
            if (dynamic and key.endswith(_DYNAMIC)) or (key in _DYNAMIC and not isinstance(item, Mapping)):
                yield key
            yield from _dynamic_keys(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _dynamic_keys(item)


def _optional_secret(scope: Scope, name: str) -> bool:
    settings = settings_of(scope, name)
    entries = [entry for field in ("secretAsEnv", "secretAsVolume") for entry in settings.get(field, ())]
    return any(isinstance(entry, Mapping) and entry.get("optional") for entry in entries)


def _sub_path(scope: Scope, name: str) -> bool:
    mounts = settings_of(scope, name).get("pvcMount", ())
    return any(isinstance(mount, Mapping) and mount.get("subPath") for mount in mounts)


def _other_platform(scope: Scope) -> Iterator[Occurrence]:
    if scope.is_root:
        for platform in scope.graph.platforms or {}:
            if platform not in ("kubernetes", MILONGA):
                yield Occurrence("", f"platform '{platform}'")


def _shared_pod(scope: Scope) -> Iterator[Occurrence]:
    for name, group in groups_of(scope.graph, scope.name).items():
        if name in scope.tasks:
            yield Occurrence(name, f"group '{group}'")


def _at_component(scope: Scope) -> Iterator[Occurrence]:
    if scope.is_root and scope.component.single_platform_specs:
        yield Occurrence()
    for name, task in scope.tasks.items():
        used = scope.used(task)
        if used is not None and used.single_platform_specs:
            yield Occurrence(name)


CONSTRUCTS = (
    *(_executor_field(field, title) for field, title in EXECUTOR_FIELDS.items()),
    Construct("k8s-value-from-parameter", "a Kubernetes setting that is a value of the run", tasks_where(_from_value)),
    Construct("k8s-optional-secret", "a secret that may be absent", tasks_where(_optional_secret)),
    Construct("k8s-sub-path", "a folder inside a volume", tasks_where(_sub_path)),
    *(_pipeline_field(field, title) for field, title in PIPELINE_FIELDS.items()),
    Construct("single-platform-specs", "settings of a platform that stand at a component", _at_component),
    Construct("shared-pod", "tasks that share a pod", _shared_pod),
    Construct("other-platform", "settings of another platform than Kubernetes", _other_platform),
)
