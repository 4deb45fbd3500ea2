"""What Kubernetes says about the values of a pod's settings: names, paths, choices. Knows nothing about graphs.

Sources: the validation of k8s.io/kubernetes 1.34 (`pkg/apis/core/validation`) for pods and tolerations.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from milonga.compiler.diagnostics import Severity
from milonga.compiler.graph import wire
from milonga.compiler.rules.platform_fields import EXECUTOR_FIELDS

_DNS_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_DNS_NAME_MAX = 253
_C_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_VARIABLE = re.compile(r"[-._A-Za-z][-._A-Za-z0-9]*", re.ASCII)
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "imagePullPolicy": ("Always", "Never", "IfNotPresent"),
    "restartPolicy": ("Always",),
    "effect": ("NoSchedule", "PreferNoSchedule", "NoExecute"),
}
_TOLERATION_OPERATORS = ("Exists", "Equal", "Lt", "Gt")
_SELECTOR_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
_OBJECT_NAMES = ("secretName", "configMapName", "pvcName", "resourceClaimTemplateName")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that Kubernetes would refuse, or do otherwise than it looks."""

    message: str
    got: str = ""
    expected: str = ""
    severity: Severity = "error"


def problems_of(settings: Mapping[str, Any], variables: Iterable[str | None] = ()) -> Iterator[Problem]:
    """All problems in the settings of one step, whose container sets the environment `variables` besides."""
    plain = _fields(settings, EXECUTOR_FIELDS)
    yield from _environment(plain, variables)
    yield from _mounts(plain)
    for key, value in _scalars(plain, EXECUTOR_FIELDS):
        check = _CHECKS.get(key)
        if check is not None:
            yield from check(key, value)
    for toleration in _entries(plain, "tolerations"):
        yield from _toleration(toleration)
    for term in (*_entries(plain, "nodeAffinity"), *_entries(plain, "podAffinity")):
        for key, requirements in term.items():
            if key.startswith("match") and isinstance(requirements, list):
                yield from _requirements(requirements)


def _fields(value: Any, known: Mapping[str, Any] | None) -> Any:
    """The fields of the table under the names that protobuf's JSON writes, and nothing of any other name.

    Where the table ends the keys are the author's own, such as labels: they stay as they are.
    """
    if known is None:
        return value
    if isinstance(value, Mapping):
        named = ((wire.camel_case(str(key)), item) for key, item in value.items())
        return {name: _fields(item, known[name]) for name, item in named if name in known}
    if isinstance(value, (list, tuple)):
        return [_fields(item, known) for item in value]
    return value


def _entries(settings: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = settings.get(key)
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _scalars(value: Any, known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every field of the table with a plain value. Constants of dynamic names stand under the field's own name."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            constant = _constant(item) if key.endswith("NameParameter") else None
            if isinstance(constant, str):
                yield key.removesuffix("Parameter"), constant
            elif not isinstance(item, (Mapping, list, tuple)):
                yield key, item
            elif known[key] is not None:
                yield from _scalars(item, known[key])
    elif isinstance(value, list):
        for item in value:
            yield from _scalars(item, known)


def _constant(source: Any) -> Any:
    """The constant of an `InputParameterSpec`; None for a value that comes from the run."""
    value = source.get("runtimeValue") if isinstance(source, Mapping) else None
    return value.get("constant") if isinstance(value, Mapping) else None


def _object_name(key: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, str) or "{{" in value:
        return
    if len(value) > _DNS_NAME_MAX or not _DNS_NAME.fullmatch(value):
        yield Problem(f"'{key}' is no name of an object", value, "lower case letters, digits, '-' and '.' (DNS-1123)")


def _choice(key: str, value: Any) -> Iterator[Problem]:
    if value not in ("", None) and value not in _CHOICES[key]:
        yield Problem(f"'{key}' is not one of Kubernetes' choices", str(value), ", ".join(_CHOICES[key]))


def _deadline(key: str, value: Any) -> Iterator[Problem]:
    if isinstance(value, bool) or not re.fullmatch(r"[1-9][0-9]{0,17}", str(value)):
        yield Problem(f"'{key}' is no number of seconds", str(value), "a whole number, at least 1")


_CHECKS: Mapping[str, Callable[[str, Any], Iterator[Problem]]] = {
    **dict.fromkeys(_OBJECT_NAMES, _object_name),
    **dict.fromkeys(_CHOICES, _choice),
    "activeDeadlineSeconds": _deadline,
}


def _environment(settings: Mapping[str, Any], variables: Iterable[str | None] = ()) -> Iterator[Problem]:
    names: list[Any] = [*variables, *(entry.get("name") for entry in _entries(settings, "fieldPathAsEnv"))]
    for field in ("secretAsEnv", "configMapAsEnv"):
        for entry in _entries(settings, field):
            names += [pair.get("envVar") for pair in _entries(entry, "keyToEnv")]
    texts = [str(name) if name is not None else "" for name in names]
    for container in _entries(settings, "initContainers"):
        yield from _environment({}, [entry.get("name") for entry in _entries(container, "env")])
    for name, count in Counter(texts).items():
        if not _VARIABLE.fullmatch(name):
            expected = "letters, digits and '_', no digit first"
            yield Problem("the name of an environment variable is none", repr(name), expected)
        elif not _C_IDENTIFIER.fullmatch(name):
            expected = "letters, digits and '_', no digit first"
            yield Problem("a shell cannot read this environment variable", name, expected, "warning")
        if count > 1:
            yield Problem("an environment variable is set twice, and the last one counts", name, "", "warning")


def _mounts(settings: Mapping[str, Any]) -> Iterator[Problem]:
    fields = ("secretAsVolume", "configMapAsVolume", "pvcMount", "genericEphemeralVolume", "emptyDirMounts")
    entries = [entry for field in fields for entry in _entries(settings, field)]
    paths = [str(entry["mountPath"]) for entry in entries if entry.get("mountPath") is not None]
    for container in _entries(settings, "initContainers"):
        inner = [{"mountPath": mount.get("mountPath")} for mount in _entries(container, "volumeMounts")]
        yield from _mounts({"emptyDirMounts": inner})
    for path, count in Counter(path.rstrip("/") or path for path in paths).items():
        if ":" in path or not path:
            yield Problem("a volume has no path that can be mounted", repr(path), "an absolute path without ':'")
        elif not path.startswith("/"):
            expected = "an absolute path"
            yield Problem("a volume is mounted under a relative path", path, expected, "warning")
        if count > 1:
            yield Problem("two volumes are mounted under one path", path, "a path for each")


def _toleration(toleration: Mapping[str, Any]) -> Iterator[Problem]:
    if "tolerationJson" in toleration:
        constant = _constant(toleration["tolerationJson"])
        for inner in constant if isinstance(constant, list) else [constant]:
            if isinstance(inner, Mapping) and "tolerationJson" not in inner:
                yield from _choice("effect", inner.get("effect"))
                yield from _toleration(inner)
        return
    operator, effect = toleration.get("operator") or "Equal", toleration.get("effect")
    if operator not in _TOLERATION_OPERATORS:
        expected = ", ".join(_TOLERATION_OPERATORS)
        yield Problem("the operator of a toleration is not one of Kubernetes' choices", str(operator), expected)
    if operator == "Exists" and toleration.get("value"):
        yield Problem("a toleration with the operator Exists has a value", str(toleration["value"]), "no value")
    if not toleration.get("key") and operator != "Exists":
        yield Problem("a toleration without a key", f"operator {operator}", "the operator Exists, or a key")
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        yield Problem("a toleration with seconds", f"effect {effect or 'of any kind'}", "the effect NoExecute")


def _requirements(requirements: list[Any]) -> Iterator[Problem]:
    for requirement in requirements:
        operator = requirement.get("operator") if isinstance(requirement, Mapping) else None
        if operator is not None and operator not in _SELECTOR_OPERATORS:
            expected = ", ".join(_SELECTOR_OPERATORS)
            yield Problem("the operator of an affinity is not one of Kubernetes' choices", str(operator), expected)
