"""Moments that people write: an aware datetime or ISO text, read as a datetime in UTC and whole seconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from milonga.dsl.cron_times import UTC
from milonga.dsl.schedule_mistakes import mistake

_FIRST_YEAR = 1970
"""KFP keeps moments as seconds since then."""


def read_instant(what: str, value: Any, *, round_up: bool = False) -> datetime:
    """`value` in UTC; fractions of a second are cut off, or rounded up.

    Raises:
        UsageError: E920, no moment, or none that every clock agrees on.
    """
    wrong = mistake(f"{what} is no time", repr(value), "a datetime, or ISO text such as 2026-01-31T06:00:00+00:00")
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(_with_offset(value))
        if time.utcoffset() is None:
            hint = f"{time.isoformat()}+00:00, or another offset"
            raise mistake(f"{what} has no time zone", str(value), "a time with its offset", hint)
        utc = time.astimezone(UTC)
        utc = (utc + timedelta(seconds=1) if round_up and utc.microsecond else utc).replace(microsecond=0)
    except (TypeError, ValueError, OverflowError):
        raise wrong from None
    if utc.year < _FIRST_YEAR:
        raise wrong
    return utc


def _with_offset(text: Any) -> str:
    """Python 3.10 does not read the Z of RFC 3339."""
    if not isinstance(text, str):
        raise TypeError("no text")
    return f"{text[:-1]}+00:00" if text.endswith(("Z", "z")) else text
