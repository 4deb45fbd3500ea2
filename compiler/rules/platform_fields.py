"""The fields of KFP's Kubernetes settings, as data: what a name in the second document may be.

Source: kubernetes_executor_config.proto and pipeline_spec.proto of kubeflow/pipelines 2.17; init
containers and resource claims are of its main branch. protobuf's JSON takes each name in camelCase and in snake_case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_SOURCE: Final = {
    "runtimeValue": {
        **{"constant": None, "runtimeParameter": None},
        "constantValue": {"intValue": None, "doubleValue": None, "stringValue": None},
    },
    "taskOutputParameter": {"producerTask": None, "outputParameterKey": None},
    "taskFinalStatus": {"producerTask": None},
    "componentInputParameter": None,
    "parameterExpressionSelector": None,
}
"""KFP's `InputParameterSpec`, with which a setting takes its value from the run."""

_REQUIREMENT: Final = {"key": None, "operator": None, "values": None}
_METADATA: Final = {"labels": None, "annotations": None}
_SECRET: Final = {"secretName": None, "secretNameParameter": _SOURCE, "optional": None}
_CONFIG_MAP: Final = {"configMapName": None, "configMapNameParameter": _SOURCE, "optional": None}

EXECUTOR_FIELDS: Final[Mapping[str, Any]] = {
    "secretAsVolume": {**_SECRET, "mountPath": None},
    "secretAsEnv": {**_SECRET, "keyToEnv": {"secretKey": None, "envVar": None}},
    "configMapAsVolume": {**_CONFIG_MAP, "mountPath": None},
    "configMapAsEnv": {**_CONFIG_MAP, "keyToEnv": {"configMapKey": None, "envVar": None}},
    "pvcMount": {
        "taskOutputParameter": _SOURCE["taskOutputParameter"],
        "constant": None,
        "componentInputParameter": None,
        "mountPath": None,
        "pvcNameParameter": _SOURCE,
        "subPath": None,
    },
    "nodeSelector": {"labels": None, "nodeSelectorJson": _SOURCE},
    "podMetadata": _METADATA,
    "imagePullSecret": {"secretName": None, "secretNameParameter": _SOURCE},
    "imagePullPolicy": None,
    "activeDeadlineSeconds": None,
    "fieldPathAsEnv": {"name": None, "fieldPath": None},
    "tolerations": {
        **{"key": None, "operator": None, "value": None, "effect": None},
        **{"tolerationSeconds": None, "tolerationJson": _SOURCE},
    },
    "genericEphemeralVolume": {
        **{"volumeName": None, "mountPath": None, "accessModes": None, "size": None},
        **{"defaultStorageClass": None, "storageClassName": None, "metadata": _METADATA},
    },
    "nodeAffinity": {
        **{"matchExpressions": _REQUIREMENT, "matchFields": _REQUIREMENT, "weight": None},
        "nodeAffinityJson": _SOURCE,
    },
    "podAffinity": {
        **{"matchPodExpressions": _REQUIREMENT, "matchPodLabels": None, "topologyKey": None, "namespaces": None},
        **{"matchNamespaceExpressions": _REQUIREMENT, "matchNamespaceLabels": None, "weight": None, "anti": None},
    },
    "enabledSharedMemory": {"volumeName": None, "size": None},
    "emptyDirMounts": {"volumeName": None, "mountPath": None, "medium": None, "sizeLimit": None},
    "securityContext": {"runAsUser": None, "runAsGroup": None, "runAsNonRoot": None},
    "initContainers": {
        **{"name": None, "image": None, "command": None, "args": None, "restartPolicy": None},
        **{"env": {"name": None, "value": None}, "volumeMounts": {"volumeName": None, "mountPath": None}},
        "resources": {"requests": None, "limits": None},
    },
    "podResourceClaims": {"resourceClaimTemplateName": None, "resourceClaimJson": _SOURCE},
}
"""Field → fields of its entries; None where what stands inside is the author's."""

PIPELINE_FIELDS: Final[Mapping[str, Any]] = {
    "workspace": {"size": None, "kubernetes": {"pvcSpecPatch": None}},
    "resourceTtlOnCompletion": None,
    "resourceTtlOnSuccess": None,
    "resourceTtlOnFailure": None,
    "activeDeadlineSeconds": None,
    "resourceTtl": None,
}
"""The same for the whole run; `resourceTtl` is what KFP 2.15 and 2.16 called the first of the three."""
