"""Which steps have certainly succeeded when another one runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
    for inner in _outwards(maker):
        if inner.owner in ways:
            return not _has_condition(inner.task) and _waits_for(ways[inner.owner], inner.task_name)
        if any(map(_has_condition, _upstream(inner))):
            return False  # it may be left out although all goes well
    return False


def _outwards(place: Place) -> Iterator[Place]:
    """A place and all around it, the innermost first."""
    inner: Place | None = place
    while inner is not None:
        yield inner
        inner = inner.owner


def _has_condition(task: Task | None) -> bool:
    """Whether a task may be left out by a condition of its own."""
    return task is not None and task.trigger_policy is not None and bool(task.trigger_policy.condition)


def _waits_for(place: Place, wanted: str) -> bool:
    """Whether a task runs only after another one of its DAG has succeeded, be it by way of others."""
    return any(wanted in task.producers() for task in _upstream(place, past=lambda task: not task.runs_anyway))


def _upstream(place: Place, past: Callable[[Task], bool] = lambda task: True) -> Iterator[Task]:
    """A task and what it waits for in its DAG, as far as `past` lets one go back through a task, that one included."""
    if place.owner is None:
        return
    tasks = place.owner.tasks
    waiting, seen = [place.task_name], {place.task_name}
    while waiting:
        task = tasks[waiting.pop()]
        if past(task):
            yield task
            new = sorted(task.producers() - seen)
            seen.update(new)
            waiting += new
