"""`--fuse`: a pipeline whose small tasks share pods."""

from __future__ import annotations

import dataclasses

from milonga.cli.output import message
from milonga.cli.sources import Source
from milonga.compiler.graph import Graph
from milonga.compiler.graph.together import marks_of
from milonga.compiler.listing import listed
from milonga.compiler.rules import check
from milonga.compiler.targets import Target, target_named
from milonga.errors import UsageError

_NAMED_MAX = 12
"""Tasks that are named, of those that share a pod; `milonga show` has them all."""

FUSE_HELP = "Let tasks that fit each other and ask for no resources share pods (argo); results stay the same."


def fused(graph: Graph, target: Target) -> Graph:
    """The graph with marks at tasks that may share a pod; each new group is a line on stderr.

    Raises:
        UsageError: E958, tasks of this target have no pods.
    """
    from milonga.compiler.passes.fusion import Fuse

    if not target.shares_pods:
        raise UsageError(
            "E958",
            f"tasks do not share pods on target '{target.name}'",
            got="--fuse",
            expected="the target argo",
            hint="leave --fuse out",
        )
    made = Fuse().run(graph)
    before = marks_of(graph)
    for dag, tasks in marks_of(made).items():
        groups: dict[str, list[str]] = {}
        for task, group in tasks.items():
            if group not in before.get(dag, {}).values():
                groups.setdefault(group, []).append(task)
        for group, names in groups.items():
            shown = ", ".join(names) if len(names) <= _NAMED_MAX else listed(names, _NAMED_MAX - 1)
            message(f"{dag}: {shown} share pod {group}")
    return made


def fused_source(source: Source, target: str, lower: bool | None) -> Source:
    """A pipeline that is to be sent, lowered as it will be, with such marks.

    Raises:
        UsageError: E958, tasks of this target have no pods.
    """
    chosen, graph = target_named(target), source.graph
    if source.is_python if lower is None else lower:
        graph = chosen.lower(graph)
    if any(finding.severity == "error" for finding in check(graph)):
        return source  # it is not sent, and whoever looks at it next says why
    return dataclasses.replace(source, graph=fused(graph, chosen))
