"""The image, the user and the time limit of a pod, and the labels that it carries."""

from __future__ import annotations

from typing import Any

from milonga.compiler.targets.argo.pod.constants import integer, whole
from milonga.compiler.targets.argo.pod.optional_item import if_given
from milonga.compiler.targets.argo.pod.refusals import refused
from milonga.compiler.targets.argo.pod.runtime_value import RuntimeValue
from milonga.compiler.targets.argo.pod.step import Step
from milonga.compiler.targets.argo.pod.text import template_text

_POLICIES = ("Always", "IfNotPresent", "Never")


def image_of(step: Step) -> Any:
    """The image.

    Raises:
        UnsupportedByTarget: E315, there is none, or it holds another placeholder than of an input parameter.
    """
    image = step.filled(step.container.image or "", "image")
    if not image:
        raise refused("image", "the step has none")
    return image


def pull_policy_of(step: Step) -> dict[str, Any]:
    """`imagePullPolicy`, if the step says one.

    Raises:
        UnsupportedByTarget: E315, Kubernetes has no such policy.
    """
    policy = step.settings.get("imagePullPolicy")
    if policy and policy not in _POLICIES:
        raise refused("imagePullPolicy", "there is no such policy", got=policy, expected=", ".join(_POLICIES))
    return {"imagePullPolicy": policy} if policy else {}


def pull_secrets_of(step: Step) -> list[Any]:
    """`imagePullSecrets`, which a template of Argo has no field for."""
    names = [step.name_of(entry, "secretName", "imagePullSecret") for entry in step.entries("imagePullSecret")]
    return [if_given({"name": name}, name) for name in names if name is not None]


def deadline_of(step: Step) -> dict[str, int]:
    """`activeDeadlineSeconds` of each attempt; as for KFP's driver, 0 is none."""
    seconds = integer(whole(step.settings.get("activeDeadlineSeconds") or 0), "activeDeadlineSeconds")
    return {"activeDeadlineSeconds": seconds} if seconds > 0 else {}


def security_of(step: Step) -> tuple[dict[str, Any], dict[str, Any]]:
    """The security contexts of the pod and of the main container.

    User and group stand at the pod: Argo's own containers write the files of inputs, for their user alone. Without a
    user, `runAsNonRoot` is a demand on the image of the step, and stands at its container.

    Raises:
        UnsupportedByTarget: E315, root is asked for and forbidden.
    """
    setting = step.settings.get("securityContext") or {}
    identity = {
        key: integer(whole(setting[key]), f"securityContext.{key}")
        for key in ("runAsUser", "runAsGroup")
        if setting.get(key) is not None
    }
    demand = {"runAsNonRoot": bool(setting["runAsNonRoot"])} if setting.get("runAsNonRoot") is not None else {}
    if identity.get("runAsUser") == 0 and demand.get("runAsNonRoot"):
        raise refused("securityContext", "user 0 is root, which runAsNonRoot forbids")
    return ({**identity, **demand}, {}) if "runAsUser" in identity else (identity, demand)


def metadata_of(step: Step) -> dict[str, Any]:
    """Labels and annotations of the pod as texts of a template; they cannot be patched.

    Placeholders of input parameters are filled in. Two opening braces in such a value get a space between them: Argo
    would take them for a tag.
    """
    setting = step.settings.get("podMetadata") or {}
    unknown = sorted(set(setting) - {"labels", "annotations"})
    if unknown:
        raise refused("podMetadata", "only labels and annotations can be set", got=unknown[0])
    return {
        part: {template_text(key): _metadata_text(step, str(value), part) for key, value in setting[part].items()}
        for part in ("labels", "annotations")
        if setting.get(part)
    }


def _metadata_text(step: Step, text: str, part: str) -> str:
    value = step.filled(text, f"podMetadata.{part}")
    if isinstance(value, RuntimeValue):
        return f"{{{{=replace(({value.expression}) ?? '', '\\u007b\\u007b', '\\u007b \\u007b')}}}}"
    return template_text(value or "")
