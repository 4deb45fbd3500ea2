"""Environment variables of the main container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from milonga.compiler.targets.argo.pod.optional_item import OptionalItem, if_given
from milonga.compiler.targets.argo.pod.refusals import refused
from milonga.compiler.targets.argo.pod.step import Step


def variables_of(step: Step) -> list[Any]:
    """All variables in the order of KFP's driver: declared ones, secrets, config maps, fields of the pod.

    `$(NAME)` in a value is Kubernetes' affair, here as everywhere. Of several with one name the last counts, as in
    Kubernetes; a patch of the pod could not tell them apart.

    Raises:
        UnsupportedByTarget: E315.
    """
    found: dict[str, Any] = {}
    for item in _all(step):
        name = (item.item if isinstance(item, OptionalItem) else item)["name"]
        if not name:
            raise refused("env", "a variable has no name")
        if name in found and isinstance(item, OptionalItem):
            raise refused("env", "a secret or config map that may not be given replaces a variable", got=name)
        found.pop(name, None)
        found[name] = item
    return list(found.values())


def variable_names(step: Step) -> tuple[str, ...]:
    """The names of all variables, those included that the run may not give, sorted."""
    items = [item.item if isinstance(item, OptionalItem) else item for item in variables_of(step)]
    return tuple(sorted(item["name"] for item in items))


def _all(step: Step) -> Iterator[Any]:
    for variable in step.container.env or ():
        yield {"name": variable.name, "value": variable.value or ""}
    for entry in step.entries("secretAsEnv"):
        yield from _keys(step, entry, ("secretAsEnv", "secretName", "secretKey", "secretKeyRef"))
    for entry in step.entries("configMapAsEnv"):
        yield from _keys(step, entry, ("configMapAsEnv", "configMapName", "configMapKey", "configMapKeyRef"))
    for entry in step.entries("fieldPathAsEnv"):
        field = {"fieldPath": str(entry.get("fieldPath") or "")}
        yield {"name": entry.get("name"), "valueFrom": {"fieldRef": field}}


def _keys(step: Step, entry: Mapping[str, Any], words: tuple[str, str, str, str]) -> Iterator[Any]:
    setting, plain, key, reference = words
    name = step.name_of(entry, plain, setting)
    if name is None:
        return  # an optional input that was not given: KFP's driver leaves the setting out
    for mapping in entry.get("keyToEnv") or ():
        source: dict[str, Any] = {"name": name, "key": str(mapping.get(key) or "")}
        if entry.get("optional") is not None:
            source["optional"] = bool(entry["optional"])
        yield if_given({"name": mapping.get("envVar"), "valueFrom": {reference: source}}, name)
