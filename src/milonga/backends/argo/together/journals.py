"""The journals of pods with several tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.layout.layout import Layout
from milonga.backends.argo.nodes.node import Node
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.storage.bucket import Bucket
from milonga.backends.argo.storage.repository import repository_of
from milonga.backends.call_failed import CallFailed
from milonga.errors import MissingExtra
from milonga.runtime.argo.layout import journal_key, run_prefix

Rows = tuple[Mapping[str, Any], ...]
"""What a pod has noted: a JSON object for each task (see `milonga.engine.pod.together.journal`)."""

_ENDED = ("Succeeded", "Failed", "Error")


def journals_of(connection: ArgoConnection, workflow: Workflow, layout: Layout) -> dict[str, Rows]:
    """The journals of a run's pods that have ended, by id of the node; each is read once a connection.

    One that was never written, or that whoever asks may not read, is left out: its pod is shown in place of its tasks.
    """
    ended = dict(_ended(workflow, layout))
    if not ended:
        return {}
    try:
        bucket = Bucket(repository_of(connection, workflow), connection.patience)
    except CallFailed:
        return {}
    found: dict[str, Rows] = {}
    for id, leaf in ended.items():
        node = workflow.nodes[id]
        key = f"{run_prefix(workflow.uid)}/{journal_key(leaf, _indices(workflow, node))}"
        rows = connection.kept(f"journal {node.id} {node.ended_at} {key}", lambda key=key: _read(bucket, key))  # type: ignore[misc]
        if rows:
            found[node.id] = rows
    return found


def _ended(workflow: Workflow, layout: Layout) -> Iterator[tuple[str, str]]:
    """Nodes of such pods, with the pod's name in the store."""
    for node in workflow.nodes.values():
        boundary = workflow.nodes.get(node.boundary)
        laid = layout.task(boundary.template if boundary is not None else "", node.task)
        if laid.kind == "together" and node.phase in _ENDED and node.type in ("Pod", "Retry"):
            yield node.id, laid.leaf


def _indices(workflow: Workflow, node: Node) -> tuple[int, ...]:
    """The iterations around a pod, which it was told as "/0/3"."""
    attempts = [workflow.nodes[child] for child in node.children if child in workflow.nodes]
    parameters = node.parameters or next((attempt.parameters for attempt in attempts), {})
    return tuple(int(part) for part in parameters.get("i", "").split("/") if part.isdigit())


def _read(bucket: Bucket, key: str) -> Rows:
    try:
        content = bucket.read(key)
        document = json.loads(content) if content else {}
        rows = document.get("tasks") or []
        return tuple(row for row in rows if isinstance(row, dict) and isinstance(row.get("path"), str))
    except (CallFailed, MissingExtra, ValueError, AttributeError, TypeError):
        return ()
