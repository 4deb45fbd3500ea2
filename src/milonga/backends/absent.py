"""A run or schedule that is not there."""

from __future__ import annotations

from milonga.backends.call_failed import CallFailed

_CODES = {"run": "E812", "schedule": "E813"}


def absent(kind: str, id: str, failure: CallFailed) -> CallFailed:
    """`failure`, or, when the system has nothing under this id, an error that says so in the user's terms.

    Args:
        kind: "run" or "schedule".
        id: the id that was asked for.
        failure: what came back.
    """
    if failure.status != 404:
        return failure
    return CallFailed(
        _CODES[kind],
        f"there is no {kind} '{id}'",
        outcome="refused",
        is_passing=False,
        status=404,
        where=failure.where,
        got=failure.got,
        hint=f"it was deleted, or belongs to another namespace, project or server; or the id is not one of a {kind}",
    )
