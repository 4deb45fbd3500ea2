"""Whether tasks that are marked as one group can be one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from milonga.compiler.graph import Task
from milonga.compiler.passes.fusion.fits import DIFFERENT, Fits
from milonga.compiler.passes.fusion.waits import Waits
from milonga.errors import UnsupportedByTarget


def require_together(name: str, members: Sequence[str], tasks: Mapping[str, Task], fits: Fits, where: str) -> None:
    """Check that tasks of one DAG can share a pod.

    Args:
        name: of the group.
        members: its tasks.
        tasks: all of the DAG.
        fits: of the graph.
        where: the path of the DAG, "" for the pipeline.

    Raises:
        UnsupportedByTarget: E361, they do not fit each other; E362, they do not wait for the same.
    """
    start = f"{where}/" if where else ""
    _require_fitting(name, members, tasks, fits, start)
    transparent = {
        other
        for other, task in tasks.items()
        if not fits.of(task).reason and not fits.of(task).pods and task.trigger_policy is None
    }
    waits, everything = Waits.of(tasks, transparent), Waits.of(tasks)
    inside = sum(waits.bits[member] for member in members)
    first = members[0]
    for other in everything.between(sum(everything.bits[member] for member in members)):
        if other in transparent:
            raise UnsupportedByTarget(
                "E362",
                f"tasks of the group '{name}' wait for another through a task that is not in it",
                where=start + other,
                hint="put it into the group: it needs no pod",
            )
    for member in members:
        if waits.outside(member, inside) == waits.outside(first, inside):
            continue
        mine, theirs = (waits.outside(other, inside)[0] for other in (member, first))
        extra = waits.names(mine ^ theirs) or waits.names(waits.succeeded[member] ^ waits.succeeded[first])
        waiter = member if mine & ~theirs else first
        raise UnsupportedByTarget(
            "E362",
            f"tasks of the group '{name}' do not wait for the same",
            where=start + waiter,
            got=f"'{waiter}' also waits for {', '.join(map(repr, extra[:3]))}",
            expected="a group starts when all of its tasks might: what they wait for, each other apart, is the same",
            hint="leave the task out of the group, or put what it waits for into it",
        )
    for other, task in tasks.items():
        if task.runs_anyway and len({producer in members for producer in [other, *task.producers()]}) > 1:
            raise UnsupportedByTarget(
                "E362",
                f"the group '{name}' tears apart a task that runs anyway and what it follows",
                where=start + other,
                hint="put both into the group, or neither",
            )
    if any(task.runs_anyway for task in tasks.values()):
        _require_followers_of_all(name, members, tasks, waits, start)


def _require_followers_of_all(
    name: str, members: Sequence[str], tasks: Mapping[str, Task], waits: Waits, start: str
) -> None:
    """Where a failure does not end the DAG, a pod that has failed must not keep back what waits for its other tasks."""
    inside = sum(waits.bits[member] for member in members)
    for other, task in tasks.items():
        is_follower = other not in members and not task.runs_anyway and not task.producers().isdisjoint(members)
        if not is_follower or waits.succeeded[other] & inside == inside:
            continue
        raise UnsupportedByTarget(
            "E362",
            f"a task waits for some tasks of the group '{name}' only, and would run although others have failed",
            where=start + other,
            got=f"it waits for {', '.join(map(repr, waits.names(waits.succeeded[other] & inside)[:3]))}",
            expected="whoever waits for a group waits for all of it, in a pipeline with tasks that run anyway",
            hint="put the task into the group",
        )


def _require_fitting(name: str, members: Sequence[str], tasks: Mapping[str, Task], fits: Fits, start: str) -> None:
    keys: dict[str, str] = {}
    for member in members:
        fit = fits.of(tasks[member])
        if fit.reason:
            raise UnsupportedByTarget(
                "E361",
                f"a task cannot share the pod of the group '{name}'",
                where=start + member,
                got=fit.reason,
                expected="Python functions with one image, the same environment variables and Kubernetes settings",
                hint="leave it out of the group",
            )
        if fit.key:
            keys.setdefault(fit.key, member)
    if not any(fits.of(tasks[member]).pods for member in members):
        raise UnsupportedByTarget(
            "E361",
            f"no task of the group '{name}' needs a pod",
            where=start + members[0],
            got=", ".join(map(repr, members[:3])),
            hint="leave the group out",
        )
    if len(keys) > 1:
        one, other, *_ = keys.values()
        raise UnsupportedByTarget(
            "E361",
            f"tasks of the group '{name}' do not fit into one pod",
            where=start + other,
            got=f"of '{one}' and '{other}' {DIFFERENT}",
            hint="make them equal, or take two groups",
        )
