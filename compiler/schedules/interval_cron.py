"""An interval as a cron text, where the two are the same times."""

from __future__ import annotations

from datetime import datetime

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.schedules.base import changed

_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86_400, 604_800


def interval_cron(interval_s: int, start: datetime | None) -> str | None:
    """Five fields, on the clock of UTC, that come every `interval_s` seconds, one of them at `start`; None if none do.

    They exist for whole minutes that divide an hour, whole hours that divide a day, a day and a week.
    """
    if start is not None and start.second:
        return None
    minute, hour = (start.minute, start.hour) if start else (0, 0)
    if interval_s % _MINUTE == 0 and _HOUR % interval_s == 0:
        return f"{_steps(minute, interval_s // _MINUTE, 60)} * * * *"
    if interval_s % _HOUR == 0 and _DAY % interval_s == 0:
        return f"{minute} {_steps(hour, interval_s // _HOUR, 24)} * * *"
    if interval_s == _WEEK:
        return f"{minute} {hour} * * {start.isoweekday() % 7 if start else 1}"
    return None


def phase_findings(interval_s: int, start: datetime | None, backend: str, cron: str) -> list[Diagnostic]:
    """Without a start, the times of `cron` are as far apart as asked for, but are not counted from now."""
    if start is not None:
        return []
    return [
        changed(
            f"{backend}: the interval is counted on the clock of UTC, not from when the schedule is made",
            got=f"interval_s={interval_s}",
            expected=f"cron {cron}",
            hint="give a start to say when the first run is",
        )
    ]


def _steps(first: int, step: int, size: int) -> str:
    first %= step
    if step == size:
        return str(first)
    if step == 1:
        return "*"
    return f"*/{step}" if first == 0 else f"{first}-{size - 1}/{step}"
