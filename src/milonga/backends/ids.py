"""Ids of runs and schedules, as a user gives them."""

from __future__ import annotations

import re

from milonga.errors import UsageError

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,255}")


def checked_id(kind: str, id: str) -> str:
    """An id that can be part of an address; anything else would ask for something other than a run or schedule.

    Args:
        kind: "run" or "schedule".
        id: what the user gave.

    Raises:
        UsageError: E939, it is no id.
    """
    if not _ID.fullmatch(id):
        hint = "it is the last part of a resource's name" if "/" in id else ""
        raise UsageError("E939", f"this is no id of a {kind}", got=repr(id[:200]), hint=hint)
    return id
