"""Putting a compiled pipeline on a cluster: what is there already stays."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.bundle import Bundle
from milonga.backends.argo.marks import MANAGED_BY, PIPELINE
from milonga.backends.argo.nodes.node import seconds_of
from milonga.backends.argo.resources import CONFIG_MAPS, TEMPLATES, Resource
from milonga.backends.attempts import made_by_name
from milonga.backends.call_failed import CallFailed

_CHANGES_MAX = 5
"""How often somebody else may change an object between our look at it and our own change."""

_YOUNG_S = 60.0
"""For so long Argo's controller may not know a template; its copy of them is usually a second old."""


def installed(connection: ArgoConnection, bundle: Bundle) -> None:
    """Make what is missing, and replace the pipeline's template when it says something else.

    The template has the pipeline's name, is the newest, and is there for people. Nothing is made when it is not ours.

    Raises:
        CallFailed: E800-E809; E830, an object of that name belongs to somebody else or to another pipeline, or is not
            what its name says.
    """
    newest = bundle.newest()
    require_ours(connection, TEMPLATES, newest)
    code_installed(connection, bundle)
    for template in bundle.named_by_content().further:
        replaced(connection, TEMPLATES, template)
    replaced(connection, TEMPLATES, newest)


def code_installed(connection: ArgoConnection, bundle: Bundle) -> None:
    """Make what is missing of the ConfigMaps.

    Raises:
        CallFailed: E800-E809; E830, one of that name belongs to somebody else, or is not what its name says.
    """
    for config_map in bundle.config_maps:
        _kept(connection, config_map)


def installed_for_run(connection: ArgoConnection, bundle: Bundle) -> tuple[str, bool]:
    """Make what is missing of the templates that a run or schedule refers to, which are named by their content.

    Returns:
        The name of the pipeline's, and whether one of them was made a moment ago, here or by somebody else.

    Raises:
        CallFailed: E800-E809; E830, an object of that name belongs to somebody else.
    """
    pinned = bundle.named_by_content()
    done = [_replaced(connection, TEMPLATES, template) for template in (*pinned.further, pinned.template)]
    return pinned.name, any(how == "made" or _is_young(found) for how, found in done)


def _is_young(found: Mapping[str, Any]) -> bool:
    made_at = seconds_of(found["metadata"].get("creationTimestamp"))
    return made_at is not None and time.time() - made_at < _YOUNG_S


def _kept(connection: ArgoConnection, wanted: Mapping[str, Any]) -> None:
    """A ConfigMap that is named by its content and cannot be changed. Its content is sent only if it is not there."""
    found = existing(connection, CONFIG_MAPS, wanted["metadata"]["name"]) or made(connection, CONFIG_MAPS, wanted)
    for key in ("data", "binaryData"):
        if (found.get(key) or {}) != (wanted.get(key) or {}):
            raise _somebody_elses(wanted, f"its {key} is not what its name stands for")


def replaced(connection: ArgoConnection, resource: Resource, wanted: Mapping[str, Any]) -> str:
    """Make an object, or make it say what `wanted` says, if it does not.

    Returns:
        "made", "changed" or "same".

    Raises:
        CallFailed: E800-E809; E830, milonga has not made it, or for another pipeline.
    """
    return _replaced(connection, resource, wanted)[0]


def _replaced(connection: ArgoConnection, resource: Resource, wanted: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """What `replaced` returns, and the object as it is now."""
    name = wanted["metadata"]["name"]
    for attempt in range(_CHANGES_MAX):
        found = existing(connection, resource, name)
        if found is None:
            found = made(connection, resource, wanted)
            if _says(found, wanted):
                return "made", found
        _require_ours(found, wanted)
        if _says(found, wanted):
            return "same", found
        try:
            return "changed", connection.read("PUT", resource, name, body=_over(found, wanted))
        except CallFailed as failure:
            if failure.status not in (404, 409) or attempt + 1 == _CHANGES_MAX:
                raise
    raise AssertionError("the last attempt returns or raises")


def require_ours(connection: ArgoConnection, resource: Resource, wanted: Mapping[str, Any]) -> None:
    """Check that `wanted` may be made, or put in the place of what is there.

    Raises:
        CallFailed: E800-E808; E830, milonga has not made what is there, or for another pipeline.
    """
    found = existing(connection, resource, wanted["metadata"]["name"])
    if found is not None:
        _require_ours(found, wanted)


def _require_ours(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    labels, asked = found["metadata"].get("labels") or {}, wanted["metadata"].get("labels") or {}
    if labels.get(MANAGED_BY) != "milonga":
        raise _somebody_elses(wanted, "milonga has not made it")
    pipeline, own = labels.get(PIPELINE), asked.get(PIPELINE)
    if pipeline and pipeline != own:
        what = "schedule" if wanted["kind"] == "CronWorkflow" else "pipeline"
        raise _somebody_elses(
            wanted, f"it is of the pipeline '{pipeline}', not of '{own}'", hint=f"give the {what} another name"
        )


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


def made(connection: ArgoConnection, resource: Resource, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The object as it is once it is there; another one of its name, where somebody was faster.

    Raises:
        CallFailed: E800-E809.
    """
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
    """`wanted` in the place of what was found; labels, annotations and what else others have noted stays."""
    metadata, asked = found["metadata"], wanted["metadata"]
    merged = {key: {**(metadata.get(key) or {}), **(asked.get(key) or {})} for key in ("labels", "annotations")}
    kept = {key: metadata[key] for key in ("ownerReferences", "finalizers") if key in metadata}
    version = {"resourceVersion": metadata.get("resourceVersion")}
    return {**wanted, "metadata": {**asked, **merged, **kept, **version}}


def _somebody_elses(wanted: Mapping[str, Any], reason: str, *, hint: str = "") -> CallFailed:
    kind, name = wanted["kind"], wanted["metadata"]["name"]
    return CallFailed(
        "E830",
        f"the namespace has another {kind} '{name}'",
        outcome="refused",
        is_passing=False,
        got=reason,
        hint=hint
        or f"`kubectl get {kind.lower()} {name} -o yaml` shows it: delete it, or take another name or namespace",
    )
