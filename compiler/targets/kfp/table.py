"""What KFP's open-source back end does with each construct of its own IR, by version.

Sources: kubeflow/pipelines at 7b70c7b95f (160 commits after 2.17.0): `backend/src/v2/compiler/argocompiler/`,
`backend/src/v2/driver/`, `api/v2alpha1/pipeline_spec.proto` and its history; runs on a real back end of that commit
(one-node Kubernetes 1.34, Argo 3.7 and 4.0) in November 2026. KFP's own compiler of that commit was given a sample of
each construct, plain and lowered: it refused those that stand as `refused` here, and no other."""

from __future__ import annotations

from milonga.compiler.targets.capability import UNVERIFIED, WORKS, Capability, CapabilityTable, Verdict

_COMPILER = "argocompiler/dag.go at 7b70c7b95f"
_DRIVER = "driver/resolve.go at 7b70c7b95f"
_SEEN = "seen on a real back end, November 2026"


_FATE: dict[str, tuple[Verdict, str]] = {
    "specification": ("refused", "a field of {version}, which older servers do not read"),
    "executor": ("dropped", "a field of {version}, which older servers pass over"),
    "placeholder": ("fails", "a placeholder of {version}, which older servers leave as it is written"),
}
"""PipelineSpec and PlatformSpec are read strictly (template/v2_template.go), executors and their Kubernetes settings
are not (compiler/visitor.go, cmd/driver/main.go), and an unknown placeholder is text (component/launcher_v2.go)."""


def _since(version: str, part: str) -> tuple[Capability, ...]:
    """Works since a version; before it, its fate depends on the part of the file that it stands in."""
    verdict, note = _FATE[part]
    older = Capability(
        verdict=verdict,
        note=note.format(version=version),
        hint=f"upgrade the server to {version} or newer",
        source="history of pipeline_spec.proto and kubernetes_executor_config.proto",
    )
    return older, Capability(verdict="works", since=version)


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
            "exit-handler",
            "param-type-NUMBER_INTEGER",
            "param-type-NUMBER_DOUBLE",
            "param-type-STRING",
            "param-type-BOOLEAN",
            "param-type-LIST",
            "param-type-STRUCT",
            "optional-parameter-without-default",
            "null-default",
            "expression-selector",
            "artifact-list-input",
            "optional-artifact",
            "google-artifact-types",
            "default-pipeline-root",
            "python-step",
            "container-component",
            "pvc-create",
            "pvc-delete",
            "importer",
            "shared-component",
            "resources",
            "accelerator",
            "dynamic-resources",
            "dynamic-image",
            "env",
            "retry",
            "group-retry",
            "caching-enabled",
            "placeholder-input",
            "placeholder-output",
            "placeholder-pipeline",
            "if-present-placeholder",
            "concat-placeholder",
            "k8s-secretAsEnv",
            "k8s-secretAsVolume",
            "k8s-configMapAsEnv",
            "k8s-configMapAsVolume",
            "k8s-fieldPathAsEnv",
            "k8s-pvcMount",
            "k8s-emptyDirMounts",
            "k8s-genericEphemeralVolume",
            "k8s-enabledSharedMemory",
            "k8s-nodeSelector",
            "k8s-nodeAffinity",
            "k8s-podAffinity",
            "k8s-tolerations",
            "k8s-podMetadata",
            "k8s-imagePullSecret",
            "k8s-imagePullPolicy",
            "k8s-activeDeadlineSeconds",
            "k8s-value-from-parameter",
        ),
        WORKS,
    ),
    "condition-on-importer": (
        Capability(
            verdict="refused",
            note='the server says "triggerPolicy.condition on importer task is not supported"',
            rewrite="conditional-importers",
            source=_COMPILER,
        ),
    ),
    "loop-over-part": (
        Capability(
            verdict="fails",
            note='the driver of each iteration says "value not found in inputs"',
            hint="let a component return the list itself",
            rewrite="loops-over-parts",
            source=f"{_DRIVER}; {_SEEN}",
        ),
    ),
    "loop-over-artifacts": (
        Capability(
            verdict="refused",
            note='the server says "artifact iterator not implemented yet"',
            hint="loop over a list of parameters that name the artifacts",
            rewrite="artifact-loops",
            source=f"{_COMPILER}; {_SEEN}",
        ),
    ),
    "oneof-artifact": (
        Capability(
            verdict="fails",
            note="the output of a branch that did not run is looked for (issues 13436, 13437)",
            hint="upgrade the server to 2.17, or return a parameter from each branch",
            source="issues 13436 and 13437",
        ),
        Capability(verdict="works", since="2.17"),
    ),
    "ignore-upstream-failure": (
        Capability(
            verdict="changed",
            note="the task runs, a missing input arrives as an empty text, and the run still ends as failed",
            hint="give the inputs defaults, and do not take the run's state for the task's",
            source=_SEEN,
        ),
    ),
    "after-exit-task": (
        Capability(
            verdict="fails",
            note="exit tasks become hooks of Argo, which nothing can wait for",
            hint="put the work into the exit task itself, or into a pipeline that is the exit task",
            source=_COMPILER,
        ),
    ),
    "several-exit-tasks": (
        Capability(
            verdict="changed",
            note="only the last of them runs: Argo has one hook a task",
            hint="make one pipeline of them and let it be the exit task",
            source=_COMPILER,
        ),
    ),
    "exit-task-without-upstream": (
        Capability(verdict="dropped", note="it never runs", hint="name the task that it waits for", source=_COMPILER),
    ),
    "exit-task-of-loop": (
        Capability(
            verdict="dropped",
            note="the end of a loop, of an importer and of a step that makes or deletes a volume starts nothing: the "
            "task never runs, unless it waits for another as well",
            hint="put the loop into a pipeline or into the group of ml.ExitHandler, and let the task wait for that",
            source=_COMPILER,
        ),
    ),
    "exit-task-of-several": (
        Capability(
            verdict="changed",
            note="it becomes a hook of each of them: it runs at the end of each, not once after all",
            hint="put them into a pipeline or into the group of ml.ExitHandler, and let the task wait for that",
            source=_COMPILER,
        ),
    ),
    "task-final-status": (
        Capability(
            verdict="works",
            note="the state arrives as COMPLETE, which milonga's steps read as SUCCEEDED; the error is empty, and the "
            "task's name is that of the group",
            source=_SEEN,
        ),
    ),
    "task-final-status-unread": (
        Capability(
            verdict="changed",
            note="the state is COMPLETE instead of SUCCEEDED, and the error is always empty",
            hint="ask whether the state is FAILED",
            source=_SEEN,
        ),
    ),
    "task-final-status-elsewhere": (
        Capability(
            verdict="changed",
            note="the step gets None",
            hint="take the status in an exit task",
            source=_SEEN,
        ),
    ),
    "literals": _since("2.16", "specification"),
    "task-config": _since("2.15", "specification"),
    "large-constant": (
        Capability(
            verdict="fails",
            note="the driver gets the task as one argument of its command line, which Linux limits to 128 KiB "
            "(issue 12453)",
            hint="write it into an artifact, or read it in the component",
            source="argocompiler/container.go at 7b70c7b95f",
        ),
    ),
    "bulky-code": (
        Capability(
            verdict="fails",
            note="the status of the run can no longer be written: each step's record holds its container",
            rewrite="shared-code",
            source=_SEEN,
        ),
    ),
    "large-run": (
        Capability(
            verdict="fails",
            note="the status of the run can no longer be written: it holds about 9 kB a step",
            hint="join small steps, or split the pipeline into several that one starts after the other",
            source=_SEEN,
        ),
    ),
    "pipeline-artifact-input": (
        Capability(
            verdict="fails",
            note="the driver cannot resolve an artifact that enters at the root",
            hint="take a URI as a str and import it with ml.importer",
            rewrite="root-artifacts",
            source=_SEEN,
        ),
    ),
    **dict.fromkeys(
        ("pipeline-artifact-output", "pipeline-parameter-output"),
        (
            Capability(
                verdict="works",
                note="the run's own record carries no outputs; they are read from the tasks that make them",
                source=_SEEN,
            ),
        ),
    ),
    "importer-to-workspace": _since("2.15", "executor"),
    "resolver": (
        Capability(
            verdict="refused",
            note='the server says "non-container and non-importer executor not implemented"',
            source=_COMPILER,
        ),
    ),
    "custom-job": (
        Capability(
            verdict="refused", note="custom jobs are Google Cloud's alone", hint="use target vertex", source=_COMPILER
        ),
    ),
    "cache-key": (
        Capability(
            verdict="dropped",
            note="the server computes its own key; a key of the author's is read by servers after 2.17.0 (issue 13762)",
            source="cacheutils/cache.go at 2.17.0",
        ),
    ),
    "placeholder-schedule-time": _since("2.17", "placeholder"),
    "placeholder-workspace": _since("2.15", "placeholder"),
    "k8s-securityContext": _since("2.16", "executor"),
    "k8s-initContainers": (
        Capability(
            verdict="dropped",
            note="init containers came after 2.17.0 (issue 13651)",
            hint="use a server built from the main branch",
            source="kubernetes_executor_config.proto at 2.17.0 and at 7b70c7b95f",
        ),
    ),
    "k8s-podResourceClaims": (
        Capability(
            verdict="dropped",
            note="no release up to 2.17 has the field",
            hint="ask for an accelerator, or use a server that reads it",
            source="kubernetes_executor_config.proto at 2.17.0 and at 7b70c7b95f",
        ),
    ),
    "k8s-optional-secret": _since("2.15", "executor"),
    "k8s-sub-path": _since("2.16", "executor"),
    "workspace": _since("2.15", "specification"),
    "run-resourceTtlOnCompletion": _since("2.17", "specification"),
    "run-resourceTtl": (
        Capability(
            verdict="dropped",
            note="servers up to 2.16 read the field and keep the objects anyway",
            hint="upgrade the server to 2.17 or newer, and call it resourceTtlOnCompletion",
            source="backend/src at 2.14.3, 2.15.0 and 2.16.1",
        ),
        Capability(
            verdict="refused",
            note="2.17 calls the field resourceTtlOnCompletion and knows no other",
            hint="call it resourceTtlOnCompletion",
            since="2.17",
            source="pipeline_spec.proto at 2.17.0",
        ),
    ),
    "run-resourceTtlOnSuccess": _since("2.17", "specification"),
    "run-resourceTtlOnFailure": _since("2.17", "specification"),
    "run-activeDeadlineSeconds": _since("2.17", "specification"),
    **dict.fromkeys(
        ("single-platform-specs", "container-lifecycle"),
        (Capability(verdict="dropped", note="no code of the back end reads it", source="backend/src at 7b70c7b95f"),),
    ),
    "shared-pod": (Capability(verdict="dropped", note="each task has a pod of its own"),),
    "other-platform": UNVERIFIED,
}
