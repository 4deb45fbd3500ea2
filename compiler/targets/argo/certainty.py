"""Which steps have certainly succeeded when another one runs."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.graph.upstream import upstream
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
            return not inner.condition and _waits_for(ways[inner.owner], inner.task_name)
        if inner.owner is not None and any(
            task.condition for task in upstream(inner.owner.tasks, inner.task_name, past_failures=True)
        ):
            return False  # it may be left out although all goes well
    return False


def _outwards(place: Place) -> Iterator[Place]:
    """A place and all around it, the innermost first."""
    inner: Place | None = place
    while inner is not None:
        yield inner
        inner = inner.owner


def _waits_for(place: Place, wanted: str) -> bool:
    """Whether a task runs only after another one of its DAG has succeeded, be it by way of others."""
    if place.owner is None:
        return False
    before = upstream(place.owner.tasks, place.task_name, past_failures=False)
    return any(wanted in task.producers() for task in before if not task.runs_anyway)
