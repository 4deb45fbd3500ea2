"""Putting a compiled pipeline on a cluster: what is there already stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.bundle import Bundle
from milonga.backends.argo.marks import MANAGED_BY
from milonga.backends.argo.resources import CONFIG_MAPS, TEMPLATES, Resource
from milonga.backends.attempts import made_by_name
from milonga.backends.call_failed import CallFailed

_CHANGES_MAX = 5
"""How often somebody else may change an object between our look at it and our own change."""


def installed(connection: ArgoConnection, bundle: Bundle) -> None:
    """Make what is missing, and replace the pipeline's template when it says something else.

    The template has the pipeline's name, is the newest, and is there for schedules and people.

    Raises:
        CallFailed: E800-E809; E830, an object of that name belongs to somebody else, or is not what its name says.
    """
    code_installed(connection, bundle)
    for template in (*bundle.further, bundle.template):
        replaced(connection, TEMPLATES, template)


def code_installed(connection: ArgoConnection, bundle: Bundle) -> None:
    """Make what is missing of the ConfigMaps.

    Raises:
        CallFailed: E800-E809; E830, one of that name belongs to somebody else, or is not what its name says.
    """
    for config_map in bundle.config_maps:
        _kept(connection, config_map)


def installed_for_run(connection: ArgoConnection, bundle: Bundle) -> str:
    """Make what is missing of the templates that a run refers to, which are named by their content.

    Returns:
        The name of the pipeline's.

    Raises:
        CallFailed: E800-E809; E830, an object of that name belongs to somebody else.
    """
    pinned = bundle.named_by_content()
    for template in (*pinned.further, pinned.template):
        replaced(connection, TEMPLATES, template)
    return pinned.name


def _kept(connection: ArgoConnection, wanted: Mapping[str, Any]) -> None:
    """A ConfigMap that is named by its content and cannot be changed. Its content is sent only if it is not there."""
    found = existing(connection, CONFIG_MAPS, wanted["metadata"]["name"]) or _made(connection, CONFIG_MAPS, wanted)
    for key in ("data", "binaryData"):
        if (found.get(key) or {}) != (wanted.get(key) or {}):
            raise _somebody_elses(wanted, f"its {key} is not what its name stands for")


def replaced(connection: ArgoConnection, resource: Resource, wanted: Mapping[str, Any]) -> str:
    """Make an object, or make it say what `wanted` says, if it does not.

    Returns:
        "made", "changed" or "same".

    Raises:
        CallFailed: E800-E809; E830, milonga has not made it.
    """
    name = wanted["metadata"]["name"]
    for attempt in range(_CHANGES_MAX):
        found = existing(connection, resource, name)
        if found is None:
            found = _made(connection, resource, wanted)
            if _says(found, wanted):
                return "made"
        if (found["metadata"].get("labels") or {}).get(MANAGED_BY) != "milonga":
            raise _somebody_elses(wanted, "milonga has not made it")
        if _says(found, wanted):
            return "same"
        try:
            connection.read("PUT", resource, name, body=_over(found, wanted))
        except CallFailed as failure:
            if failure.status not in (404, 409) or attempt + 1 == _CHANGES_MAX:
                raise
            continue
        return "changed"
    raise AssertionError("the last attempt returns or raises")


def existing(connection: ArgoConnection, resource: Resource, name: str) -> dict[str, Any] | None:
    """The object of that name, None when there is none.

    Raises:
        CallFailed: E800-E808.
    """
    try:
        return connection.read("GET", resource, name)
    except CallFailed as failure:
        if failure.status == 404:
            return None
        raise


def _made(connection: ArgoConnection, resource: Resource, wanted: Mapping[str, Any]) -> dict[str, Any]:
    name = wanted["metadata"]["name"]

    def find() -> dict[str, Any] | None:
        try:
            return connection.ask("GET", resource, name)
        except CallFailed as failure:
            if failure.status == 404:
                return None
            raise

    return made_by_name(lambda: connection.ask("POST", resource, body=wanted), find, connection.patience)


def _says(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    metadata, asked = found["metadata"], wanted["metadata"]
    return found.get("spec") == wanted.get("spec") and all(
        (metadata.get(key) or {}).get(name) == value
        for key in ("labels", "annotations")
        for name, value in (asked.get(key) or {}).items()
    )


def _over(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """`wanted` in the place of what was found; labels and annotations of others stay."""
    metadata, asked = found["metadata"], wanted["metadata"]
    merged = {key: {**(metadata.get(key) or {}), **(asked.get(key) or {})} for key in ("labels", "annotations")}
    version = {"resourceVersion": metadata.get("resourceVersion")}
    return {**wanted, "metadata": {**asked, **merged, **version}}


def _somebody_elses(wanted: Mapping[str, Any], reason: str) -> CallFailed:
    kind, name = wanted["kind"], wanted["metadata"]["name"]
    return CallFailed(
        "E830",
        f"the namespace has another {kind} '{name}'",
        outcome="refused",
        is_passing=False,
        got=reason,
        hint=f"`kubectl get {kind.lower()} {name} -o yaml` shows it: delete it, or take another name or namespace",
    )
