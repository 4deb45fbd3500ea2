"""What Argo Workflows does with the settings of a step's pod."""

from __future__ import annotations

from milonga.compiler.targets.capability import WORKS, Capability, CapabilityTable

_SEEN = "seen on Argo 3.7.18 and 4.0.7, Kubernetes 1.34"

POD_CELLS: CapabilityTable = {
    **dict.fromkeys(
        (
            "env",
            "resources",
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
            "k8s-imagePullPolicy",
            "k8s-imagePullSecret",
            "k8s-initContainers",
            "k8s-optional-secret",
            "k8s-sub-path",
        ),
        WORKS,
    ),
    **dict.fromkeys(
        ("dynamic-resources", "dynamic-image", "k8s-value-from-parameter"),
        (
            Capability(
                verdict="works",
                note="the value is patched into the pod; one that Kubernetes refuses makes the task fail before it "
                "starts",
                source=_SEEN,
            ),
        ),
    ),
    "accelerator": (
        Capability(
            verdict="works",
            note="the type must be a resource of the nodes, such as nvidia.com/gpu; others are refused (E315)",
            hint="choose the model with a node selector",
            source="k8s.io/kubernetes, validation of container resources",
        ),
    ),
    "k8s-podMetadata": (
        Capability(
            verdict="works",
            note="two opening braces in a value of the run get a space between them",
            source=_SEEN,
        ),
    ),
    "k8s-activeDeadlineSeconds": (Capability(verdict="works", note="the limit is one of each attempt", source=_SEEN),),
    "k8s-securityContext": (
        Capability(
            verdict="works",
            note="user and group are those of all containers of the pod: of init containers, and of Argo's own, which "
            "write the files of inputs",
            source=_SEEN,
        ),
    ),
    "k8s-podResourceClaims": (
        Capability(
            verdict="refused",
            note="milonga does not know how to say this to Argo (E315)",
            hint="ask for an accelerator",
            source="templates have the field since Argo 4.1 only",
        ),
    ),
    "container-lifecycle": (
        Capability(
            verdict="refused",
            note="Argo has no hook before a step's cache is asked (E315)",
            hint="do its work at the start of the step",
            source="definitions (CRDs) of Argo 3.7 to 4.1",
        ),
    ),
}
