"""What Vertex AI Pipelines does with each construct.

Nothing here was run on Vertex. Sources: Google's public documentation and the published client
google-cloud-aiplatform 2.7.0 (read, not run); issues of kubeflow/pipelines that report what Vertex did. A construct
about which none of them says anything is `unverified`.
"""

from __future__ import annotations

from milonga.compiler.targets.capability import UNVERIFIED, WORKS, Capability, CapabilityTable

_DOCUMENTATION = "Google's documentation of Vertex AI Pipelines"
_NO_KUBERNETES = (
    Capability(
        verdict="dropped",
        note="Vertex reads no Kubernetes settings, and the file for it has none",
        source=_DOCUMENTATION,
    ),
)
_SECRETS = (
    Capability(
        verdict="dropped",
        note="Vertex has no Kubernetes secrets, and the variable is not set",
        hint="read it from Secret Manager in the component",
        source=_DOCUMENTATION,
    ),
)
_VOLUMES = (
    Capability(
        verdict="dropped",
        note="Vertex has no volumes; buckets are mounted under /gcs/",
        hint="pass artifacts, or read from /gcs/BUCKET",
        source=_DOCUMENTATION,
    ),
)

TABLE: CapabilityTable = {
    **dict.fromkeys(
        (
            "nested-dag",
            "condition",
            "loop-static",
            "loop-dynamic",
            "loop-parallelism-limit",
            "collected-parameter",
            "collected-artifact",
            "oneof-parameter",
            "oneof-artifact",
            "exit-handler",
            "ignore-upstream-failure",
            "task-final-status",
            "task-final-status-unread",
            "param-type-NUMBER_INTEGER",
            "param-type-NUMBER_DOUBLE",
            "param-type-STRING",
            "param-type-BOOLEAN",
            "param-type-LIST",
            "param-type-STRUCT",
            "expression-selector",
            "artifact-list-input",
            "google-artifact-types",
            "default-pipeline-root",
            "python-step",
            "container-component",
            "importer",
            "shared-component",
            "resources",
            "accelerator",
            "env",
            "retry",
            "caching-enabled",
            "custom-job",
            "placeholder-input",
            "placeholder-output",
            "placeholder-pipeline",
            "if-present-placeholder",
            "concat-placeholder",
            "pipeline-artifact-output",
            "pipeline-parameter-output",
            "optional-parameter-without-default",
        ),
        WORKS,
    ),
    **dict.fromkeys(
        (
            "condition-on-importer",
            "loop-over-part",
            "loop-over-artifacts",
            "after-exit-task",
            "several-exit-tasks",
            "exit-task-of-loop",
            "exit-task-of-several",
            "exit-task-without-upstream",
            "task-final-status-elsewhere",
            "null-default",
            "large-constant",
            "optional-artifact",
            "resolver",
            "bulky-code",
            "large-run",
            "dynamic-resources",
            "dynamic-image",
            "container-lifecycle",
        ),
        UNVERIFIED,
    ),
    "pipeline-artifact-input": (
        Capability(
            verdict="changed",
            note="the run takes the id of an artifact that Vertex knows (inputArtifacts), not a file",
            hint="register the artifact first, or take a URI as a str and import it with ml.importer",
            source="google-cloud-aiplatform 2.7.0",
        ),
    ),
    "literals": (
        Capability(
            verdict="dropped",
            note="the field is newer than what Vertex is known to read; the value is not checked before the run",
            hint="milonga's own components check it when they start",
            source="kubeflow/pipelines issue 8825",
        ),
    ),
    "task-config": (Capability(verdict="refused", note="there is no pod whose configuration could be passed on"),),
    "importer-to-workspace": (
        Capability(verdict="dropped", note="Vertex has no workspace", hint="read the artifact under /gcs/"),
    ),
    "pvc-create": (
        Capability(verdict="fails", note="the step's image exists on Kubeflow only", source=_DOCUMENTATION),
    ),
    "pvc-delete": (
        Capability(verdict="fails", note="the step's image exists on Kubeflow only", source=_DOCUMENTATION),
    ),
    "group-retry": (
        Capability(
            verdict="fails",
            note="retries of a nested pipeline did not work there (issue 11288)",
            hint="give the steps retries",
            source="kubeflow/pipelines issue 11288",
        ),
    ),
    "cache-key": (Capability(verdict="dropped", note="Vertex computes its own key, and the file for it has none"),),
    "placeholder-schedule-time": (
        Capability(verdict="fails", note="a placeholder of KFP 2.17, which stays as it is written"),
    ),
    "placeholder-workspace": (
        Capability(verdict="fails", note="Vertex has no workspace", hint="pass artifacts", source=_DOCUMENTATION),
    ),
    "workspace": (
        Capability(verdict="dropped", note="Vertex has no workspace", hint="pass artifacts", source=_DOCUMENTATION),
    ),
    **dict.fromkeys(("k8s-secretAsEnv", "k8s-secretAsVolume", "k8s-optional-secret"), _SECRETS),
    **dict.fromkeys(
        ("k8s-pvcMount", "k8s-sub-path", "k8s-emptyDirMounts", "k8s-genericEphemeralVolume", "k8s-enabledSharedMemory"),
        _VOLUMES,
    ),
    **dict.fromkeys(
        (
            "k8s-configMapAsEnv",
            "k8s-configMapAsVolume",
            "k8s-fieldPathAsEnv",
            "k8s-nodeAffinity",
            "k8s-podAffinity",
            "k8s-tolerations",
            "k8s-podMetadata",
            "k8s-imagePullSecret",
            "k8s-imagePullPolicy",
            "k8s-securityContext",
            "k8s-initContainers",
            "k8s-podResourceClaims",
            "k8s-value-from-parameter",
            "other-platform",
        ),
        _NO_KUBERNETES,
    ),
    "shared-pod": (Capability(verdict="dropped", note="each task has a machine of its own"),),
    "single-platform-specs": (
        Capability(
            verdict="dropped",
            note="the field is newer than what Vertex is known to read, and the file for it has none",
            source="kubeflow/pipelines issue 8825",
        ),
    ),
    "k8s-nodeSelector": (
        Capability(
            verdict="dropped",
            note="Vertex chooses the machine by cpu, memory and accelerator",
            hint="give the accelerator as gpu_type, such as NVIDIA_TESLA_T4",
            source=_DOCUMENTATION,
        ),
    ),
    "k8s-activeDeadlineSeconds": (
        Capability(
            verdict="dropped",
            note="a task has no time limit of its own there",
            hint="limit the time in the component, or cancel the job from outside",
            source=_DOCUMENTATION,
        ),
    ),
    **dict.fromkeys(
        (
            "run-resourceTtl",
            "run-resourceTtlOnCompletion",
            "run-resourceTtlOnSuccess",
            "run-resourceTtlOnFailure",
            "run-activeDeadlineSeconds",
        ),
        _NO_KUBERNETES,
    ),
}
