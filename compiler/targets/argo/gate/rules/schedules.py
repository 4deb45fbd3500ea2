"""Times of a CronWorkflow. A server of 3.7 accepts wrong ones, and then nothing ever happens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node

_MACRO = re.compile(
    r"@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every\s+([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+"
)
_ZONE = re.compile(r"(CRON_)?TZ=\S+\s+")
_ITEM = re.compile(r"(\*|\?|(?P<low>[0-9]+|[A-Za-z]{3})(-(?P<high>[0-9]+|[A-Za-z]{3}))?)(/(?P<step>[0-9]+))?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Final[tuple[tuple[str, int, int, Mapping[str, int]], ...]] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 6, {name: number for number, name in enumerate(_DAYS)}),
)


def schedules_fire(bundle: Bundle) -> Iterator[Fault]:
    """There is a schedule, in the list of 4.0 where that is known, with five fields that say a time."""
    for root in bundle.of_kind("CronWorkflow"):
        spec = root.at("spec")
        if bundle.is_since_4 and spec.has("schedule"):
            yield Fault("E349", "`schedule` is gone since 4.0", spec.at("schedule"), expected="schedules: [...]")
        if not spec.at("schedules").value and not spec.at("schedule").text:
            yield Fault("E349", "a CronWorkflow has no schedule", spec, expected="schedules: [...]")
        for node in (*spec.at("schedules").elements(), spec.at("schedule")):
            problem = _problem(node, bundle.is_since_4) if node.text else ""
            if problem:
                expected = "minute hour day month weekday, or @daily, @every 6h and the like"
                yield Fault("E349", f"a schedule never fires: {problem}", node, got=node.text, expected=expected)


def _problem(node: Node, is_since_4: bool) -> str:
    text = node.text
    zone = _ZONE.match(text)
    if zone is not None:
        if is_since_4:
            return "the zone belongs into `timezone`"
        text = text[zone.end() :]
    if text.startswith("@"):
        return "" if _MACRO.fullmatch(text) else "this is no macro of cron"
    words = text.split()
    if len(words) != len(_FIELDS):
        return f"it has {len(words)} fields" + (", and seconds are not known" if len(words) == 6 else "")
    for word, (noun, least, most, named) in zip(words, _FIELDS, strict=True):
        for item in word.split(","):
            if not _is_item(item, least, most, named):
                return f"'{item[:20]}' is no {noun}"
    return ""


def _is_item(item: str, least: int, most: int, named: Mapping[str, int]) -> bool:
    found = _ITEM.fullmatch(item)
    if found is None or (found["step"] and int(found["step"]) == 0):
        return False
    ends = [_number(found[end], named) for end in ("low", "high") if found[end] is not None]
    return all(least <= end <= most for end in ends) and ends == sorted(ends)


def _number(text: str, named: Mapping[str, int]) -> int:
    return int(text) if text.isdigit() else named.get(text.lower(), -1)
