"""Affinity of a pod to nodes and to other pods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from milonga.compiler.targets.argo.pod.constants import integer, whole
from milonga.compiler.targets.argo.pod.refusals import refused
from milonga.compiler.targets.argo.pod.runtime_value import RuntimeValue
from milonga.compiler.targets.argo.pod.step import Step
from milonga.compiler.targets.argo.pod.trees import expression_of

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def node_affinity(step: Step) -> Any:
    """All terms together, as KFP's driver joins them; empty when there is none.

    Raises:
        UnsupportedByTarget: E315, a term of another form.
    """
    required: list[Any] = []
    preferred: list[Any] = []
    for entry in step.entries("nodeAffinity"):
        if entry.get("nodeAffinityJson"):
            given = step.bound(entry["nodeAffinityJson"])
            if isinstance(given, RuntimeValue):
                required.append(RuntimeValue(f"({given.expression})?.{_REQUIRED}?.nodeSelectorTerms ?? []"))
                preferred.append(RuntimeValue(f"({given.expression})?.{_PREFERRED} ?? []"))
            elif given:
                terms = _affinity(given)
                required.append(terms[0])
                preferred.append(terms[1])
            continue
        term = _term(entry)
        if term and entry.get("weight") is not None:
            preferred.append([{"weight": integer(whole(entry["weight"]), "nodeAffinity"), "preference": term}])
        elif term:
            required.append([term])
    return _joined(required, preferred)


def _joined(required: list[Any], preferred: list[Any]) -> Any:
    if any(isinstance(part, RuntimeValue) for part in required):
        hard, soft = (f"concat({', '.join(expression_of(part) for part in parts)})" for parts in (required, preferred))
        terms = f"{{'nodeSelectorTerms': {hard} }}"
        return {_REQUIRED: RuntimeValue(f"len({hard}) > 0 ? {terms} : nil"), _PREFERRED: RuntimeValue(soft)}
    known = [term for part in required for term in part]
    found: dict[str, Any] = {_REQUIRED: {"nodeSelectorTerms": known}} if known else {}
    weighed = [term for part in preferred for term in part]
    return {**found, _PREFERRED: weighed} if weighed else found


def _affinity(given: Any) -> tuple[list[Any], list[Any]]:
    """The terms of a node affinity in the words of Kubernetes."""
    _check(given, {_REQUIRED, _PREFERRED})
    hard = given.get(_REQUIRED) or {}
    _check(hard, {"nodeSelectorTerms"})
    required = [_term(term) for term in hard.get("nodeSelectorTerms") or ()]
    preferred = []
    for item in given.get(_PREFERRED) or ():
        _check(item, {"weight", "preference"})
        weight = integer(whole(item.get("weight")), "nodeAffinity")
        preferred.append({"weight": weight, "preference": _term(item.get("preference") or {})})
    return required, preferred


def _check(given: Any, known: set[str]) -> None:
    if not isinstance(given, Mapping):
        raise refused("nodeAffinity", "this is no object", got=given)
    unknown = sorted(set(given) - known)
    if unknown:
        raise refused("nodeAffinity", "Kubernetes knows no such field", got=unknown[0])


def _term(entry: Mapping[str, Any]) -> dict[str, Any]:
    _check(entry, {"matchExpressions", "matchFields", "weight"})
    return {
        part: [_requirement(item) for item in entry[part]]
        for part in ("matchExpressions", "matchFields")
        if entry.get(part)
    }


def _requirement(entry: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"key": str(entry.get("key") or ""), "operator": str(entry.get("operator") or "")}
    if entry.get("values"):
        found["values"] = [str(value) for value in entry["values"]]
    return found


def pod_affinities(step: Step) -> dict[str, Any]:
    """`podAffinity` and `podAntiAffinity`, those that there are."""
    terms = tuple(step.entries("podAffinity"))
    found = {
        "podAffinity": _pod_terms(entry for entry in terms if not entry.get("anti")),
        "podAntiAffinity": _pod_terms(entry for entry in terms if entry.get("anti")),
    }
    return {kind: value for kind, value in found.items() if value}


def _pod_terms(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    required: list[Any] = []
    preferred: list[Any] = []
    for entry in entries:
        term = _pod_term(entry)
        if entry.get("weight") is None:
            required.append(term)
        else:
            preferred.append({"weight": integer(whole(entry["weight"]), "podAffinity"), "podAffinityTerm": term})
    return {part: terms for part, terms in ((_REQUIRED, required), (_PREFERRED, preferred)) if terms}


def _pod_term(entry: Mapping[str, Any]) -> dict[str, Any]:
    fields: tuple[tuple[str, Any, Callable[[Any], Any]], ...] = (
        ("labelSelector", _selector(entry, "matchPodLabels", "matchPodExpressions"), dict),
        ("namespaceSelector", _selector(entry, "matchNamespaceLabels", "matchNamespaceExpressions"), dict),
        ("namespaces", entry.get("namespaces"), lambda names: [str(name) for name in names]),
    )
    found = {name: form(value) for name, value, form in fields if value}
    if not entry.get("topologyKey"):
        raise refused("podAffinity", "there is no topology key", got=dict(entry), hint="kubernetes.io/hostname")
    return {**found, "topologyKey": str(entry["topologyKey"])}


def _selector(entry: Mapping[str, Any], labels: str, expressions: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if entry.get(labels):
        found["matchLabels"] = {key: str(value) for key, value in entry[labels].items()}
    if entry.get(expressions):
        found["matchExpressions"] = [_requirement(item) for item in entry[expressions]]
    return found
