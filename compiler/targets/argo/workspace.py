"""The volume that all steps of a run share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from milonga.compiler.graph import Graph
from milonga.compiler.targets.argo.pod.constants import quantity
from milonga.errors import UnsupportedByTarget

_VOLUME = "milonga-workspace"
_PATH = "/milonga/workspace"
"""Where the program in a pod looks for it, if MILONGA_WORKSPACE does not say otherwise."""


def workspace_mounts(graph: Graph) -> list[dict[str, Any]]:
    """Its mount in every step: one that does not ask for the path may be handed the name of a file there."""
    return [{"name": _VOLUME, "mountPath": _PATH}] if graph.wants_workspace else []


def workspace_fields(graph: Graph) -> dict[str, Any]:
    """The fields of the workflow's spec that make the volume for each run, and remove it after the run.

    Raises:
        UnsupportedByTarget: E315, the size is none.
    """
    if not graph.wants_workspace:
        return {}
    settings: Mapping[str, Any] = graph.run_settings()["workspace"] or {}
    kubernetes = settings.get("kubernetes") or {}
    patch = (kubernetes.get("pvcSpecPatch") if isinstance(kubernetes, Mapping) else kubernetes) or {}
    if not isinstance(patch, Mapping):
        raise UnsupportedByTarget(
            "E315",
            "the settings of the workspace have another form than KFP's",
            got=repr(patch)[:120],
            expected="an object: the specification of a volume claim",
        )
    size = settings.get("size") or ((patch.get("resources") or {}).get("requests") or {}).get("storage") or ""
    wanted: dict[str, Any] = {"accessModes": ["ReadWriteOnce"]}
    wanted["resources"] = {"requests": {"storage": quantity(size, "workspace")}}
    return {
        "volumeClaimTemplates": [{"metadata": {"name": _VOLUME}, "spec": _merged(wanted, patch)}],
        "volumeClaimGC": {"strategy": "OnWorkflowCompletion"},
    }


def _merged(whole: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON merge patch: objects member by member, null removes."""
    made = dict(whole)
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        elif isinstance(value, Mapping):
            inner = made.get(name)
            made[name] = _merged(inner if isinstance(inner, Mapping) else {}, value)
        else:
            made[name] = value
    return made
