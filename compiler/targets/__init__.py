"""Compile targets, by name. A new target is a folder here and a line below."""

from __future__ import annotations

import difflib

from milonga.compiler.targets.base import Target
from milonga.compiler.targets.kfp import KfpTarget
from milonga.errors import UsageError

TARGETS: dict[str, Target] = {target.name: target for target in (KfpTarget(),)}


def target_named(name: str) -> Target:
    """The target of that name.

    Raises:
        UsageError: E907, there is none.
    """
    target = TARGETS.get(name)
    if target is None:
        near = difflib.get_close_matches(name, TARGETS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else ""
        raise UsageError("E907", f"unknown target '{name}'", expected=", ".join(sorted(TARGETS)), hint=hint)
    return target


__all__ = ["TARGETS", "Target", "target_named"]
