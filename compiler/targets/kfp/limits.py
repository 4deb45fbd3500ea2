"""Sizes that KFP's back end bears."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.constructs.size import OBJECT_BYTES_MAX, run_bytes, step_count
from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.rules.base import Rule, Scope


def workflow_size(scope: Scope) -> Iterator[Diagnostic]:
    """The Workflow object, status included, stays under 1 MiB, which is what etcd and Argo take."""
    if scope.name != "root":
        return
    size = run_bytes(scope.graph)
    if size > OBJECT_BYTES_MAX:
        yield scope.finding(
            "E302",
            "target kfp: the run's Workflow object grows over 1 MiB, and the run fails when its status is written",
            severity="warning",
            got=f"about {size / 2**20:.1f} MiB for {step_count(scope.graph)} steps; unknown loops count once",
            expected="at most 1 MiB",
            hint="join small steps, or split the pipeline into several that one starts after the other",
        )


LIMITS: tuple[Rule, ...] = (workflow_size,)
