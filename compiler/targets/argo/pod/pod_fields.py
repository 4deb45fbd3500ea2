"""The fields of a template that say what its pod is like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PodFields:
    """What a step's container and Kubernetes settings add to a template of Argo.

    Attributes:
        template: fields of the template: volumes, tolerations, nodeSelector, affinity, metadata, securityContext,
            activeDeadlineSeconds, initContainers, podSpecPatch (a text).
        container: fields of its `container`: image, imagePullPolicy, env, resources, volumeMounts, securityContext.
        variables: names of all variables of the container, whoever gives them.
    """

    template: Mapping[str, Any]
    container: Mapping[str, Any]
    variables: tuple[str, ...]
