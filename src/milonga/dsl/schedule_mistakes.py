"""What is wrong with a schedule, collected so that an author sees all of it at once (E920)."""

from __future__ import annotations

from collections.abc import Sequence

from milonga.errors import MilongaError, UsageError

_SHOWN_MAX = 120


def mistake(message: str, got: str, expected: str, hint: str = "") -> UsageError:
    """One mistake; what was got is shortened when it is long."""
    shown = got if len(got) <= _SHOWN_MAX else f"{got[: _SHOWN_MAX - 3]}..."
    return UsageError("E920", message, where="schedule", got=shown, expected=expected, hint=hint)


def all_at_once(mistakes: Sequence[MilongaError]) -> MilongaError:
    """One error for at least one mistake: the only one itself, or a list of them."""
    if len(mistakes) == 1:
        return mistakes[0]
    lines = ["", *map(_line, mistakes)]
    return UsageError("E920", f"{len(mistakes)} mistakes in the schedule", where="schedule", got="\n    ".join(lines))


def _line(found: MilongaError) -> str:
    hint = f" ({found.hint})" if found.hint else ""
    return f"{found.message}: {found.got}; expected {found.expected}{hint}"
