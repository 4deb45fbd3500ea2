"""On which nodes a pod may run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.compiler.targets.argo.pod.affinity import node_affinity, pod_affinities
from milonga.compiler.targets.argo.pod.constants import integer, whole
from milonga.compiler.targets.argo.pod.refusals import refused
from milonga.compiler.targets.argo.pod.runtime_value import RuntimeValue
from milonga.compiler.targets.argo.pod.step import Step
from milonga.compiler.targets.argo.pod.trees import expression_of

_TOLERATION = ("key", "operator", "value", "effect")


def placement_of(step: Step) -> dict[str, Any]:
    """Node selector, affinities and tolerations, as fields of a pod's specification.

    Raises:
        UnsupportedByTarget: E315, a value that is not of the form that the setting has.
    """
    affinity = {**_named("nodeAffinity", node_affinity(step)), **pod_affinities(step)}
    return {
        **_named("nodeSelector", _node_selector(step)),
        **_named("affinity", affinity),
        **_named("tolerations", _tolerations(step)),
    }


def _named(name: str, value: Any) -> dict[str, Any]:
    return {name: value} if value else {}


def _node_selector(step: Step) -> Any:
    setting = step.settings.get("nodeSelector") or {}
    if not setting.get("nodeSelectorJson"):
        return {key: str(value) for key, value in (setting.get("labels") or {}).items()}
    labels = step.bound(setting["nodeSelectorJson"])
    if labels is None or isinstance(labels, RuntimeValue):
        return labels
    if not isinstance(labels, Mapping) or not all(isinstance(label, str) for label in labels.values()):
        raise refused("nodeSelector", "this is no object of labels and their texts", got=labels)
    return dict(labels)


def _tolerations(step: Step) -> Any:
    parts = [_toleration(step, entry) for entry in step.entries("tolerations")]
    if not any(isinstance(part, RuntimeValue) for part in parts):
        return [toleration for part in parts for toleration in part]
    return RuntimeValue(f"concat({', '.join(expression_of(part) for part in parts)})")


def _toleration(step: Step, entry: Mapping[str, Any]) -> Any:
    """A list of tolerations; as JSON it may be one, a list or nothing."""
    if not entry.get("tolerationJson"):
        return [_checked(entry)]
    given = step.bound(entry["tolerationJson"])
    if isinstance(given, RuntimeValue):
        value = f"({given.expression})"
        return RuntimeValue(f"type({value}) == 'array' ? {value} : len({value} ?? []) == 0 ? [] : [{value}]")
    if not given:
        return []
    items = given if isinstance(given, list) else [given]
    if not all(isinstance(item, Mapping) for item in items):
        raise refused("tolerations", "this is neither a toleration nor a list of them", got=given)
    return [_checked(item) for item in items]


def _checked(entry: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(entry) - {*_TOLERATION, "tolerationSeconds"})
    if unknown:
        raise refused("tolerations", "Kubernetes knows no such field", got=unknown[0])
    found: dict[str, Any] = {key: str(entry[key]) for key in _TOLERATION if entry.get(key)}
    if entry.get("tolerationSeconds") is not None:
        found["tolerationSeconds"] = integer(whole(entry["tolerationSeconds"]), "tolerations")
    return found
