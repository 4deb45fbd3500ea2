"""What cannot be said to Argo."""

from __future__ import annotations

from milonga.errors import UnsupportedByTarget


def refused(setting: str, problem: str, *, got: object = "", expected: str = "", hint: str = "") -> UnsupportedByTarget:
    """The error of a setting of a step that a pod of Argo cannot have.

    Args:
        setting: name of the setting, as the pipeline's file writes it.
        problem: what is wrong with it.
        got: its value, of which the start is shown; never a secret's value.
        expected: what would be right.
        hint: what to do instead.
    """
    return UnsupportedByTarget("E315", f"{setting}: {problem}", got=str(got)[:200], expected=expected, hint=hint)
