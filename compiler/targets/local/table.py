"""What milonga's own engine does with each construct.

The engine says the same when it meets them: E440 (no container engine), E441 (kfp is missing), E445 (Kubernetes
settings).
"""

from __future__ import annotations

from milonga.compiler.targets.capability import UNVERIFIED, WORKS, Capability, CapabilityTable

_OF_THE_CLUSTER = (
    Capability(
        verdict="refused",
        note="there is no Kubernetes that could do it (E445)",
        hint="volumes are folders here, made when a step mounts them: leave the step out",
    ),
)
_NO_CLUSTER = (
    Capability(
        verdict="refused",
        note="there is no Kubernetes that could provide it (E445)",
        hint="run it on a cluster, or take it from a file or the environment",
    ),
)
_IN_CONTAINERS = (
    Capability(
        verdict="changed",
        note="only a container has it: container components always, Python steps with --containers (E445)",
        hint="milonga run --containers",
    ),
)
_FOLDER = (
    Capability(
        verdict="changed",
        note="only a container has it (E445), and it is a folder of the state folder without a limit of size",
        hint="milonga run --containers",
    ),
)
_NOTHING_TO_SCHEDULE = (Capability(verdict="dropped", note="there are no nodes, images and pods on one machine"),)
_SET_ASIDE = (
    Capability(
        verdict="changed",
        note="cut to this machine; memory limits are kept to, cores are set aside, and limited in containers only",
        hint="--resources strict lets a step fail that asks for more than there is",
    ),
)

TABLE: CapabilityTable = {
    **dict.fromkeys(
        (
            "nested-dag",
            "condition",
            "condition-on-importer",
            "loop-static",
            "loop-dynamic",
            "loop-over-part",
            "loop-over-artifacts",
            "loop-parallelism-limit",
            "collected-parameter",
            "collected-artifact",
            "oneof-parameter",
            "oneof-artifact",
            "exit-handler",
            "ignore-upstream-failure",
            "after-exit-task",
            "several-exit-tasks",
            "exit-task-of-loop",
            "exit-task-of-several",
            "exit-task-without-upstream",
            "task-final-status",
            "task-final-status-unread",
            "param-type-NUMBER_INTEGER",
            "param-type-NUMBER_DOUBLE",
            "param-type-STRING",
            "param-type-BOOLEAN",
            "param-type-LIST",
            "param-type-STRUCT",
            "optional-parameter-without-default",
            "null-default",
            "expression-selector",
            "large-constant",
            "bulky-code",
            "large-run",
            "artifact-list-input",
            "optional-artifact",
            "google-artifact-types",
            "pipeline-artifact-input",
            "pipeline-artifact-output",
            "pipeline-parameter-output",
            "python-step",
            "container-component",
            "dynamic-image",
            "importer",
            "shared-component",
            "env",
            "retry",
            "caching-enabled",
            "cache-key",
            "placeholder-input",
            "placeholder-output",
            "placeholder-pipeline",
            "placeholder-schedule-time",
            "placeholder-workspace",
            "if-present-placeholder",
            "concat-placeholder",
            "workspace",
            "k8s-secretAsEnv",
            "k8s-optional-secret",
            "k8s-activeDeadlineSeconds",
            "k8s-imagePullPolicy",
            "run-activeDeadlineSeconds",
        ),
        WORKS,
    ),
    **dict.fromkeys(("pvc-create", "pvc-delete"), _OF_THE_CLUSTER),
    **dict.fromkeys(("k8s-secretAsVolume", "k8s-emptyDirMounts"), _IN_CONTAINERS),
    **dict.fromkeys(("k8s-pvcMount", "k8s-sub-path", "k8s-genericEphemeralVolume"), _FOLDER),
    **dict.fromkeys(
        (
            "k8s-configMapAsEnv",
            "k8s-configMapAsVolume",
            "k8s-initContainers",
        ),
        _NO_CLUSTER,
    ),
    **dict.fromkeys(("resources", "dynamic-resources"), _SET_ASIDE),
    "accelerator": (
        Capability(
            verdict="changed",
            note="NVIDIA devices are handed out, others are not; a step starts without one where there is none",
            hint="--resources strict lets such a step fail",
        ),
    ),
    "k8s-enabledSharedMemory": (
        Capability(verdict="changed", note="containers get it; processes of workers share the machine's /dev/shm"),
    ),
    **dict.fromkeys(
        (
            "k8s-nodeSelector",
            "k8s-nodeAffinity",
            "k8s-podAffinity",
            "k8s-tolerations",
            "k8s-securityContext",
            "k8s-podMetadata",
            "k8s-podResourceClaims",
        ),
        _NOTHING_TO_SCHEDULE,
    ),
    "task-final-status-elsewhere": (Capability(verdict="changed", note="the step gets None, as on KFP"),),
    "task-config": (Capability(verdict="changed", note="there is no pod whose configuration could be passed on"),),
    "literals": WORKS,
    "default-pipeline-root": (Capability(verdict="dropped", note="artifacts stay in milonga's own store"),),
    "resolver": (Capability(verdict="refused", note="there is no registry of artifacts to look them up in"),),
    "custom-job": (Capability(verdict="refused", note="custom jobs are Google Cloud's alone"),),
    "importer-to-workspace": UNVERIFIED,
    "group-retry": (
        Capability(verdict="dropped", note="steps are repeated, groups are not", hint="give the steps retries"),
    ),
    "k8s-imagePullSecret": (
        Capability(verdict="dropped", note="the container engine pulls with the log-ins that it has"),
    ),
    "k8s-fieldPathAsEnv": (
        Capability(
            verdict="changed",
            note="labels and annotations that the same file sets are there; other fields of a pod are refused (E444)",
        ),
    ),
    "k8s-value-from-parameter": UNVERIFIED,
    "single-platform-specs": (Capability(verdict="dropped", note="settings at a component are not read"),),
    "container-lifecycle": (Capability(verdict="dropped", note="the hook is not called"),),
    "shared-pod": (Capability(verdict="works", note="there are no pods: tasks are processes of one engine"),),
    "other-platform": (Capability(verdict="dropped", note="settings of other platforms are not read"),),
    **dict.fromkeys(
        (
            "run-resourceTtl",
            "run-resourceTtlOnCompletion",
            "run-resourceTtlOnSuccess",
            "run-resourceTtlOnFailure",
        ),
        (Capability(verdict="dropped", note="runs on this machine are kept until somebody deletes them"),),
    ),
}
