"""Which steps have certainly succeeded when another one runs."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.graph.task import Task
from milonga.compiler.targets.argo.places import Place


def runs_anyway(place: Place) -> bool:
    """Whether a step, or something around it, also runs when a task before has failed: then it may have had less."""
    return any(inner.task is not None and inner.task.runs_anyway for inner in _outwards(place))


def has_surely_succeeded(maker: Place, user: Place) -> bool:
    """Whether `user`, which takes something from `maker`, never runs without it. False where that cannot be told.

    In the DAG that both stand in somewhere, the user's side must wait for the maker's, with nobody between them who
    goes on after a failure. Where the maker stands deeper, the group around it has succeeded then, and a group that has
    succeeded has no failed task; but it may have left out what is under a condition, and what waits for that.
    """
    if runs_anyway(user):
        return False
    ways = {place.owner: place for place in _outwards(user)}
    inner = maker
    while inner.owner not in ways:
        if not _is_never_left_out(inner):
            return False
        inner = inner.owner or inner
    return not _has_condition(inner.task) and _waits_for(ways[inner.owner], inner.task_name)


def _outwards(place: Place) -> Iterator[Place]:
    """A place and all around it, the innermost first."""
    inner: Place | None = place
    while inner is not None:
        yield inner
        inner = inner.owner


def _has_condition(task: Task | None) -> bool:
    """Whether a task may be left out by a condition of its own."""
    return task is not None and task.trigger_policy is not None and bool(task.trigger_policy.condition)


def _is_never_left_out(place: Place) -> bool:
    """Whether a task runs whenever all goes well in its DAG: nothing that it waits for is under a condition."""
    if place.owner is None:
        return True
    tasks = place.owner.tasks
    waiting, seen = [place.task_name], {place.task_name}
    while waiting:
        task = tasks[waiting.pop()]
        if _has_condition(task):
            return False
        waiting += _new_producers(task, seen)
    return True


def _waits_for(place: Place, wanted: str) -> bool:
    """Whether a task runs only after another one of its DAG has succeeded, be it by way of others."""
    if place.owner is None:
        return False
    tasks = place.owner.tasks
    waiting, seen = [place.task_name], {place.task_name}
    while waiting:
        task = tasks[waiting.pop()]
        if task.runs_anyway:
            continue
        if wanted in task.producers():
            return True
        waiting += _new_producers(task, seen)
    return False


def _new_producers(task: Task, seen: set[str]) -> list[str]:
    found = sorted(task.producers() - seen)
    seen.update(found)
    return found
