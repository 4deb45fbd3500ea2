"""Cron text: five fields, checked one by one, every mistake at once.

The text is the crontab of Debian and of the `cronsim` library: minute, hour, day of month, month, day of week. What
`cronsim` takes is taken, except steps that a field cannot hold: `*/90` minutes is no "every 90 minutes" but "every
hour", and nobody who wrote it meant that. `cronsim` is imported when a text is read, not before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from milonga.dsl.schedule_mistakes import mistake
from milonga.errors import MilongaError

LENGTH_MAX = 1000
"""Characters of a cron text. All minutes of an hour, written out, are 169."""

SHORTHANDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@dataclass(frozen=True, slots=True)
class CronField:
    """One of the five: what it is called and which numbers it holds. Weekday 7 is Sunday, as 0 is."""

    name: str
    low: int
    high: int
    also: str = ""

    @property
    def allowed(self) -> str:
        """What may stand there, for a message."""
        return f"{self.low}-{self.high}{self.also}; also *, 1,5, 1-5 and */2"

    @property
    def step_max(self) -> int:
        """The largest step that still gives two values."""
        return min(self.high, 6 if self.name == "day of week" else 59) - self.low


FIELDS = (
    CronField("minute", 0, 59),
    CronField("hour", 0, 23),
    CronField("day of month", 1, 31, ", L for the last day, LW for the last weekday"),
    CronField("month", 1, 12, " or JAN-DEC"),
    CronField("day of week", 0, 7, " or SUN-SAT (0 and 7 are Sunday), 5L for the last Friday, 5#2 for the second"),
)

_SECONDS = {"minute": 60, "hour": 3600}


def read_cron(text: str) -> tuple[str, tuple[MilongaError, ...]]:
    """A cron text as its five fields with one space between, and what is wrong with it (E920)."""
    if len(text) > LENGTH_MAX:
        return text, (mistake("cron is too long", f"{len(text)} characters", f"at most {LENGTH_MAX}"),)
    words = SHORTHANDS.get(text.strip().lower(), text).split()
    if len(words) == 6 and "=" not in words[0] and words[0] != "@every":
        if words[0].strip("0"):
            return text, (_seconds(words[0]),)
        words = words[1:]
    if len(words) != 5 or words[0].startswith("@"):
        return text, (_no_five_fields(text, words),)
    mistakes = tuple(
        found
        for position, (field, word) in enumerate(zip(FIELDS, words, strict=True))
        for found in _field_mistakes(position, field, word)
    )
    return " ".join(words), mistakes or _never(" ".join(words))


def is_valid(cron: str) -> bool:
    """Whether `cronsim` can read five fields."""
    from cronsim import CronSim, CronSimError

    try:
        CronSim(cron, datetime(2000, 1, 1))
    except (CronSimError, ValueError):  # ValueError: a number of more digits than Python converts
        return False
    return True


def _field_mistakes(position: int, field: CronField, word: str) -> tuple[MilongaError, ...]:
    alone = ["*"] * len(FIELDS)
    alone[position] = word
    what = f"cron field {position + 1} ({field.name}) is wrong"
    if not is_valid(" ".join(alone)):
        return (mistake(what, word, field.allowed, _field_hint(field, word)),)
    for step in map(int, re.findall(r"/(\d+)", word)):
        if step > field.step_max:
            unit = _SECONDS.get(field.name)
            hint = f"for a run every {step} {field.name}s: interval_s={step * unit}" if unit else ""
            got = f"{word} (a step of {step} leaves one value)"
            return (mistake(what, got, f"a step of at most {field.step_max}", hint),)
    return ()


def _field_hint(field: CronField, word: str) -> str:
    if "?" in word:
        return "write * for any value; ? is no standard cron"
    down = re.search(r"(\d+)-(\d+)", word)
    if down and field.low <= int(down[2][:9]) < int(down[1][:9]) <= field.high:
        return f"a range goes up: {down[1]}-{field.high},{field.low}-{down[2]}"
    if field.name == "hour" and "24" in re.split(r"\D", word):
        return "midnight is hour 0 of the next day"
    if re.search(r"/0+(?!\d)", word):
        return "a step is at least 1"
    if field.low == 1 and "0" in re.split(r"\D", word):
        return f"the first {field.name} is 1"
    if re.search(r"[A-Za-z]{4,}", word) and field.high <= 12:
        return "names have three letters: JAN, MON"
    return ""


def _never(cron: str) -> tuple[MilongaError, ...]:
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(cron, datetime(2000, 1, 1)))
    except (CronSimError, StopIteration):
        return (mistake("cron never comes", cron, "a day that its months have", "no month of it has that day"),)
    return ()


def _seconds(word: str) -> MilongaError:
    return mistake(
        "cron field 1 of 6 (second) is not 0",
        word,
        "0, or five fields: minute, hour, day of month, month, day of week",
        "runs start on whole minutes; interval_s takes any number of seconds",
    )


def _no_five_fields(text: str, words: list[str]) -> MilongaError:
    expected = "minute, hour, day of month, month, day of week; or " + ", ".join(sorted(SHORTHANDS))
    hint = ""
    if words and words[0].upper().startswith(("TZ=", "CRON_TZ=")):
        hint = f"give the zone on its own: time_zone={words[0].partition('=')[2]!r}"
    elif words and words[0].lower() == "@every":
        hint = "give the interval on its own: interval_s="
    elif words and words[0].startswith("@"):
        return mistake("cron has an unknown shorthand", text.strip(), expected)
    got = f"{len(words)} fields: {text.strip()}" if words else "no text"
    return mistake("cron has not five fields", got, expected, hint)
