"""Which steps have certainly succeeded when another one runs."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.places import Place


def runs_anyway(place: Place) -> bool:
    """Whether a step, or something around it, also runs when a task before has failed: then it may have had less."""
    return any(inner.task is not None and inner.task.runs_anyway for inner in _outwards(place))


def has_surely_succeeded(maker: Place, user: Place) -> bool:
    """Whether `user`, which takes something from `maker`, never runs without it.

    It may when a condition stands over the maker, or over anything that the maker waits for, or when one of them is
    content with what failed. False where that cannot be told.
    """
    if runs_anyway(user):
        return False
    around = set(_outwards(user))
    inner = maker
    while inner.owner is not None and inner not in around:
        is_beside = inner.owner in around  # the user waits for it, so whatever is before it has gone well
        if not (_is_unconditional(inner) if is_beside else _runs_with_its_group(inner)):
            return False
        inner = inner.owner
    return True


def _outwards(place: Place) -> Iterator[Place]:
    inner: Place | None = place
    while inner is not None:
        yield inner
        inner = inner.owner


def _is_unconditional(place: Place) -> bool:
    policy = place.task.trigger_policy if place.task is not None else None
    return policy is None or not policy.condition


def _runs_with_its_group(place: Place) -> bool:
    """Whether a task succeeds whenever the group that it stands in does."""
    siblings = place.owner.tasks if place.owner is not None else {}
    if any(task.runs_anyway for task in siblings.values()):
        return False
    waiting, seen = [place.task_name], {place.task_name}
    while waiting:
        task = siblings[waiting.pop()]
        if task.trigger_policy is not None and task.trigger_policy.condition:
            return False
        new = task.producers() - seen
        seen |= new
        waiting += sorted(new)
    return True
