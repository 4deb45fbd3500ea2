"""Names in a message."""

from __future__ import annotations

from collections.abc import Sequence


def listed(names: Sequence[str], shown_max: int) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:shown_max])
    return shown if len(names) <= shown_max else f"{shown} and {len(names) - shown_max} more"
