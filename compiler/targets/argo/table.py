"""What Argo Workflows does with each construct, when milonga compiles it."""

from __future__ import annotations

from milonga.compiler.targets.argo.pod import POD_CELLS
from milonga.compiler.targets.capability import UNVERIFIED, WORKS, Capability, CapabilityTable

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
            "literals",
            "optional-parameter-without-default",
            "null-default",
            "expression-selector",
            "large-constant",
            "bulky-code",
            "artifact-list-input",
            "optional-artifact",
            "google-artifact-types",
            "pipeline-artifact-input",
            "pipeline-artifact-output",
            "pipeline-parameter-output",
            "python-step",
            "importer",
            "shared-component",
            "retry",
            "group-retry",
            "placeholder-input",
            "placeholder-output",
            "placeholder-pipeline",
            "if-present-placeholder",
            "concat-placeholder",
            "run-activeDeadlineSeconds",
        ),
        WORKS,
    ),
    "container-component": (
        Capability(
            verdict="works",
            note="its image must have a shell, and the component a command",
            source="the step's outputs are stored by a script around its command",
        ),
    ),
    "task-final-status-elsewhere": (Capability(verdict="changed", note="the step gets None, as on KFP"),),
    "task-config": (Capability(verdict="changed", note="the step gets None: nothing of its pod is passed on"),),
    "default-pipeline-root": (
        Capability(
            verdict="dropped",
            note="artifacts go to the artifact repository of the namespace",
            hint="configure the bucket there",
        ),
    ),
    "placeholder-schedule-time": (
        Capability(verdict="changed", note="it is the time at which the run was created, not the one it was due at"),
    ),
    "caching-enabled": (
        Capability(
            verdict="works",
            note="a result is found by the code and settings of the step and of all steps before it, and by the "
            "pipeline's inputs that they read",
        ),
    ),
    "cache-key": (
        Capability(
            verdict="changed",
            note="the author's key counts beside what else decides a result, not in place of it",
        ),
    ),
    "pvc-create": (
        Capability(
            verdict="works",
            note="a generated name begins with that of the run; the run's service account must be allowed to get, "
            "create and patch persistentvolumeclaims",
            source="seen on Argo 3.7.18 and 4.0.7, Kubernetes 1.34",
        ),
    ),
    "pvc-delete": (
        Capability(
            verdict="works",
            note="the run's service account must be allowed to delete persistentvolumeclaims; a claim that is not "
            "there is no failure",
            source="seen on Argo 3.7.18 and 4.0.7, Kubernetes 1.34",
        ),
    ),
    "workspace": (
        Capability(
            verdict="works",
            note="each run has a claim of its own, which goes when the run ends; all steps mount it, none is cached",
            source="seen on Argo 3.7.18 and 4.0.7, Kubernetes 1.34",
        ),
    ),
    "placeholder-workspace": (Capability(verdict="works", note="without a workspace, nothing is mounted there"),),
    "importer-to-workspace": (
        Capability(
            verdict="refused",
            note="an importer has no pod on Argo, so nothing is fetched (E317)",
            hint="let a component copy it into the workspace",
        ),
    ),
    "resolver": (Capability(verdict="refused", note="there is no registry of artifacts to look them up in"),),
    "custom-job": (Capability(verdict="refused", note="custom jobs are Google Cloud's alone"),),
    "large-run": UNVERIFIED,
    "single-platform-specs": (Capability(verdict="dropped", note="settings at a component are not read"),),
    "shared-pod": (
        Capability(
            verdict="works",
            note="of Python functions with one image, environment and Kubernetes settings (E361, E362)",
            source="seen on Argo 3.7.18 and 4.0.7",
        ),
    ),
    "other-platform": (Capability(verdict="dropped", note="settings of other platforms are not read"),),
    **dict.fromkeys(
        (
            "run-resourceTtl",
            "run-resourceTtlOnCompletion",
            "run-resourceTtlOnSuccess",
            "run-resourceTtlOnFailure",
        ),
        (Capability(verdict="dropped", note="runs are kept until somebody deletes them", hint="ttlStrategy of Argo"),),
    ),
    **POD_CELLS,
}
