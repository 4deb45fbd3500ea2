"""What only some runs use goes with the last of them: Kubernetes removes what has lost all its owners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.bundle import Bundle
from milonga.backends.argo.installation import existing, made
from milonga.backends.argo.resources import CONFIG_MAPS, TEMPLATES, WORKFLOWS, Resource
from milonga.backends.call_failed import CallFailed

_PATIENCE_S = 5.0
"""Of each request. The run has been started: who may not note its owner leaves things behind, and nothing else."""
_CHANGES_MAX = 5


def owned_by_run(connection: ArgoConnection, run_id: str, bundle: Bundle, shared: Bundle) -> None:
    """Note a run as an owner of what it uses and the pipeline's other runs do not.

    Two runs that know the same results use the same objects, so one may have several owners.

    Args:
        connection: the namespace.
        run_id: the run, which has been started.
        bundle: what it was started from.
        shared: the pipeline for any run.
    """
    connection = connection.with_patience(connection.patience.within(_PATIENCE_S))
    try:
        run = connection.read("GET", WORKFLOWS, run_id)
        owner = {key: run[key] for key in ("apiVersion", "kind")}
        owner |= {key: run["metadata"][key] for key in ("name", "uid")}
        for resource, wanted in _own(bundle, shared):
            _owned(connection, resource, wanted, owner)
    except (CallFailed, KeyError):
        return


def _own(bundle: Bundle, shared: Bundle) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    """Its objects that are not those of the other; each is named by its content."""
    for resource, items, others in (
        (CONFIG_MAPS, bundle.config_maps, shared.config_maps),
        (TEMPLATES, _templates(bundle), _templates(shared)),
    ):
        names = {item["metadata"]["name"] for item in others}
        yield from ((resource, item) for item in items if item["metadata"]["name"] not in names)


def _templates(bundle: Bundle) -> tuple[Mapping[str, Any], ...]:
    pinned = bundle.named_by_content()
    return (*pinned.further, pinned.template)


def _owned(connection: ArgoConnection, resource: Resource, wanted: Mapping[str, Any], owner: Mapping[str, Any]) -> None:
    name = wanted["metadata"]["name"]
    for attempt in range(_CHANGES_MAX):
        found = existing(connection, resource, name)
        if found is None:  # it has gone with its last owner after we had looked for it
            owners = {"ownerReferences": [owner]}
            found = made(connection, resource, {**wanted, "metadata": {**wanted["metadata"], **owners}})
        owned = found["metadata"].get("ownerReferences") or []
        if any(item.get("uid") == owner["uid"] for item in owned):
            return
        version = found["metadata"].get("resourceVersion")
        patch = {"metadata": {"resourceVersion": version, "ownerReferences": [*owned, owner]}}
        try:
            connection.read("PATCH", resource, name, body=patch)
        except CallFailed as failure:
            if failure.status not in (404, 409) or attempt + 1 == _CHANGES_MAX:
                raise
            continue
        return
