"""Compile targets, by name. A new target is a folder here and a line below."""

from __future__ import annotations

import difflib

from milonga.compiler.targets.argo import ArgoClusterTarget, ArgoTarget, ArgoWorkflowTarget
from milonga.compiler.targets.base import Target
from milonga.compiler.targets.kfp import KfpTarget
from milonga.compiler.targets.kfp_manifest import KfpManifestTarget
from milonga.compiler.targets.local import LocalTarget
from milonga.compiler.targets.vertex import VertexTarget
from milonga.errors import UsageError

TARGETS: dict[str, type[Target]] = {
    target.name: target
    for target in (
        ArgoTarget,
        ArgoClusterTarget,
        ArgoWorkflowTarget,
        KfpTarget,
        KfpManifestTarget,
        LocalTarget,
        VertexTarget,
    )
}


def target_named(name: str) -> Target:
    """The target of that name, at its newest version or at one that is named: "kfp", "kfp@2.15".

    Raises:
        UsageError: E907 there is none, E950 not of that version.
    """
    wanted, _, version = name.partition("@")
    target = TARGETS.get(wanted)
    if target is None:
        near = difflib.get_close_matches(wanted, TARGETS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else ""
        raise UsageError("E907", f"unknown target '{name}'", expected=", ".join(sorted(TARGETS)), hint=hint)
    return target(version)


__all__ = ["TARGETS", "Target", "target_named"]
