"""Five fields of a `Schedule` as `robfig/cron` reads them, the cron of KFP (v1.2.0) and of Argo Workflows (v3.0.1).

Read in its `parser.go` and `spec.go`, at both versions:

- A weekday is 0-6; 7 is an error. Steps of weekdays end at 6 (`5/2` is Friday alone). `L`, `LW` and `#` do not exist.
- Both days given: either may match, unless one of them has a star, then both must. In v1.2.0 `*/2` has a star, in
  v3.0.1 it has none. Debian, and so `Schedule`: both must match where one *begins with* a star.
- A range of one value with a step (`5-5/2`) is one value.
- A time more than five years away is not found, and KFP takes "not found" for a time that is due.

A field that reads the same everywhere is left as its author wrote it; the others become lists of numbers.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.schedules.base import refused

_DAYS, _WEEKDAYS = set(range(1, 32)), set(range(7))
_YEARS = range(2025, 2053)
"""A whole cycle of the calendar: after 28 years the same days are the same weekdays."""
_YEARS_MAX = 5
_VALUE = r"(?:\d+|[A-Za-z]{3})"
_WEEKDAY = r"(?:0*[0-6]|[A-Za-z]{3})"
_ITEM = re.compile(rf"\*(/\d+)?|{_VALUE}(/\d+)?|(?P<low>{_VALUE})-(?P<high>{_VALUE})(/\d+)?")
_WEEKDAY_ITEM = re.compile(rf"\*(/\d+)?|{_WEEKDAY}|(?P<low>{_WEEKDAY})-(?P<high>{_WEEKDAY})(/\d+)?")


def portable_cron(cron: str, backend: str, *, step_is_star: bool | None) -> tuple[str, list[Diagnostic]]:
    """Valid five fields in the words of `robfig/cron`, and what cannot be said in them.

    Args:
        cron: the five fields.
        backend: who is meant, for messages.
        step_is_star: whether `*/2` makes both days necessary; None where the back end does not say.
    """
    from cronsim import CronSim

    read = CronSim(cron, datetime(2000, 1, 1))
    words = cron.split()
    days: set[Any] = read.days
    weekdays: set[Any] = {value % 7 if isinstance(value, int) else value for value in read.weekdays}
    if min(days) < 0 or not all(isinstance(value, int) for value in weekdays):
        hint = "write the days of the month as numbers, or let the pipeline's first step decide"
        return cron, [refused(f"{backend}: its cron has no L, LW or #", got=cron, hint=hint)]
    values: tuple[set[Any], ...] = (read.minutes, read.hours, days, read.months, weekdays)
    fields = [_field(word, held, index == 4) for index, (word, held) in enumerate(zip(words, values, strict=True))]
    if days == _DAYS or weekdays == _WEEKDAYS:
        if not read.day_and or (days == _DAYS and weekdays == _WEEKDAYS):
            fields[2] = fields[4] = "*"
        else:
            fields[2 if days == _DAYS else 4] = "*"
        return " ".join(fields), []
    if not read.day_and:
        fields[2], fields[4] = (
            _listed(held) if "*" in field else field for field, held in ((fields[2], days), (fields[4], weekdays))
        )
        return " ".join(fields), []
    if step_is_star:
        return " ".join(fields), _rare(cron, backend)
    why = "it takes a day that matches either" if step_is_star is False else "it does not say which of the two it takes"
    message = f"{backend}: a day that must match both the day of month and the day of week cannot be expressed: {why}"
    return cron, [refused(message, got=cron, hint="give one of the two fields as *")]


def _rare(cron: str, backend: str) -> list[Diagnostic]:
    from cronsim import CronSim

    days = " ".join(["0", "0", *cron.split()[2:]])
    last = _YEARS[0]
    for time in CronSim(days, datetime(last, 1, 1)):
        if time.year - last > _YEARS_MAX:
            got = f"no time between {last} and {time.year}"
            return [refused(f"{backend}: it does not find times more than {_YEARS_MAX} years away", got=got)]
        if time.year not in _YEARS:
            break
        last = time.year
    return []


def _field(word: str, values: set[Any], is_weekday: bool) -> str:
    pattern = _WEEKDAY_ITEM if is_weekday else _ITEM
    for item in word.split(","):
        found = pattern.fullmatch(item)
        if found is None or (found["low"] is not None and found["low"] == found["high"]):
            first = word.split(",")[0]
            return f"{first},{_listed(values)}" if first.startswith("*/") else _listed(values)  # the star has a meaning
    return word


def _listed(values: set[Any]) -> str:
    return ",".join(str(value) for value in sorted(values))
