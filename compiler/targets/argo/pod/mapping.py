"""From a step's container and Kubernetes settings to fields of a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from milonga.compiler.graph import Container
from milonga.compiler.targets.argo.pod.control_value import ControlValue
from milonga.compiler.targets.argo.pod.environment import variable_names, variables_of
from milonga.compiler.targets.argo.pod.init_containers import init_containers_of
from milonga.compiler.targets.argo.pod.optional_item import if_given
from milonga.compiler.targets.argo.pod.placement import placement_of
from milonga.compiler.targets.argo.pod.pod_fields import PodFields
from milonga.compiler.targets.argo.pod.process import (
    deadline_of,
    image_of,
    metadata_of,
    pull_policy_of,
    pull_secrets_of,
    security_of,
)
from milonga.compiler.targets.argo.pod.refusals import refused
from milonga.compiler.targets.argo.pod.resources import resources_of
from milonga.compiler.targets.argo.pod.step import Step
from milonga.compiler.targets.argo.pod.trees import is_known, patch_text, template_tree
from milonga.compiler.targets.argo.pod.volumes import mounts_of
from milonga.errors import UnsupportedByTarget

MAIN = "main"
"""What Argo calls the container of a template."""

IMAGE_OF_THE_RUN = "image-of-the-run"
"""Stands for an image that the patch puts in."""

_KNOWN = frozenset(
    {
        *("secretAsEnv", "secretAsVolume", "configMapAsEnv", "configMapAsVolume", "fieldPathAsEnv", "pvcMount"),
        *("emptyDirMounts", "genericEphemeralVolume", "enabledSharedMemory", "nodeSelector", "nodeAffinity"),
        *("podAffinity", "tolerations", "podMetadata", "imagePullSecret", "imagePullPolicy"),
        *("activeDeadlineSeconds", "securityContext", "initContainers"),
    }
)


def pod_fields(
    container: Container,
    settings: Mapping[str, Any],
    *,
    value: Callable[[Mapping[str, Any]], ControlValue],
    parameter: Callable[[str], ControlValue],
    where: str = "",
) -> PodFields:
    """The fields of the template whose pod runs a step.

    What is known stands in fields of its own, written so that Argo finds no tag in user's text; what only the run knows
    goes into `podSpecPatch`, as JSON.

    Args:
        container: image, environment, resources and hooks; command and arguments are not looked at.
        settings: `KubernetesExecutorConfig` in camelCase, empty when there are none.
        value: the value of a binding that stands in the settings, such as {"componentInputParameter": "x"}.
        parameter: an input parameter of the step by name, for placeholders in texts.
        where: the step, for errors.

    Raises:
        UnsupportedByTarget: E315, a setting that Argo or Kubernetes cannot have.
    """
    try:
        return _fields(Step(container=container, settings=settings, value=value, parameter=parameter))
    except UnsupportedByTarget as error:
        error.where = error.where or where
        raise


def _fields(step: Step) -> PodFields:
    _refuse_unknown(step)
    mounts = mounts_of(step)
    of_pod, of_container = security_of(step)
    pod = {**placement_of(step), **deadline_of(step), **_given("securityContext", of_pod)}
    main = {
        **pull_policy_of(step),
        **_given("env", variables_of(step)),
        **_given("resources", resources_of(step)),
        **_given("securityContext", of_container),
    }
    image = image_of(step)
    template, patch = _divided(pod)
    fields, main_patch = _divided(main)
    fields = {"image": template_tree(image) if is_known(image) else IMAGE_OF_THE_RUN, **fields}
    main_patch = main_patch if is_known(image) else {"image": image, **main_patch}
    now, later = ([m for m in mounts if is_known(m.source) is known] for known in (True, False))
    template.update(_given("volumes", template_tree(_distinct([mount.volume for mount in now]))))
    fields.update(_given("volumeMounts", [template_tree(mount.place) for mount in now]))
    template.update(_given("initContainers", template_tree(init_containers_of(step, mounts))))
    template.update(_given("metadata", metadata_of(step)))
    patch.update(_given("volumes", [if_given(mount.volume, mount.given) for mount in later]))
    patch.update(_given("imagePullSecrets", pull_secrets_of(step)))
    main_patch.update(_given("volumeMounts", [if_given(mount.place, mount.given) for mount in later]))
    if main_patch:
        patch["containers"] = [{"name": MAIN, **main_patch}]
    if patch:
        template["podSpecPatch"] = patch_text(patch)
    return PodFields(template, fields, variable_names(step))


def _refuse_unknown(step: Step) -> None:
    for setting in sorted(step.settings):
        if setting not in _KNOWN and step.settings[setting]:
            raise refused(setting, "milonga does not know how to say this to Argo")
    lifecycle = step.container.lifecycle
    if lifecycle:
        raise refused("lifecycle", "Argo has no hook before a step's cache is asked", got=", ".join(lifecycle))


def _given(name: str, value: Any) -> dict[str, Any]:
    return {name: value} if value else {}


def _distinct(items: Sequence[Any]) -> list[Any]:
    """Two mounts of one claim have one volume."""
    return [item for index, item in enumerate(items) if item not in items[:index]]


def _divided(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields of the template, and those that wait for the run."""
    known = {name: template_tree(tree) for name, tree in fields.items() if is_known(tree)}
    return known, {name: tree for name, tree in fields.items() if not is_known(tree)}
