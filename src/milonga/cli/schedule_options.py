"""The options that say when: those of every verb that takes a schedule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import click

from milonga.dsl.cron_fields import read_cron
from milonga.dsl.instants import read_instant
from milonga.dsl.schedule import Schedule
from milonga.dsl.schedule_mistakes import all_at_once, mistake
from milonga.dsl.time_zones import is_time_zone, unknown_zone
from milonga.errors import MilongaError, UsageError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LARGEST = 2**31 - 1
_DURATION = re.compile(r"(?:[0-9]+[smhd])+")


def schedule_options() -> list[click.Parameter]:
    """One option a field of `Schedule`; `schedule_of` reads their values."""
    return [
        click.Option(["--cron"], metavar="TEXT", help="Minute, hour, day of month, month, day of week; or @daily etc."),
        click.Option(["--every"], metavar="DURATION", help="Instead of --cron: 90s, 15m, 6h, 1d, 1h30m."),
        click.Option(["--time-zone"], default="UTC", show_default=True, metavar="ZONE", help="Clock of --cron (IANA)."),
        click.Option(["--catch-up"], is_flag=True, help="Run every missed time later."),
        click.Option(["--max-concurrency"], type=int, default=1, show_default=True, help="Runs at the same time."),
        click.Option(["--start"], metavar="TIME", help="No run before it: 2026-01-31T06:00:00+00:00."),
        click.Option(["--end"], metavar="TIME", help="No run after it."),
        click.Option(
            ["--name", "schedule_name"], metavar="TEXT", help="Name of the schedule [default: the pipeline's]."
        ),
    ]


def schedule_of(values: dict[str, Any]) -> Schedule:
    """The schedule that the options name.

    Raises:
        UsageError: E920, with every mistake at once.
    """
    if (values["cron"] is None) == (values["every"] is None):
        got = "neither" if values["cron"] is None else "both"
        raise mistake("a schedule has a cron text or an interval", got, "--cron or --every")
    interval_s = None if values["every"] is None else seconds_of(values["every"], "--every")
    mistakes = [*_mistakes(values, interval_s), *(read_cron(values["cron"])[1] if values["cron"] is not None else ())]
    if mistakes:
        raise all_at_once(mistakes)
    return Schedule(
        values["cron"],
        interval_s=interval_s,
        time_zone=values["time_zone"],
        catch_up=values["catch_up"],
        max_concurrency=values["max_concurrency"],
        start=values["start"],
        end=values["end"],
        name=name_of(values),
    )


def name_of(values: dict[str, Any]) -> str:
    """The name that stands on the command line; "" where there is none.

    Raises:
        UsageError: E920, it is empty.
    """
    name = values["schedule_name"]
    if name is not None and not name.strip():
        raise _no_name(name)
    return name or ""


def _no_name(name: str) -> UsageError:
    return mistake("--name is empty", repr(name), "a name", "without --name it is the pipeline's")


def _mistakes(values: dict[str, Any], interval_s: int | None) -> Iterator[MilongaError]:
    """What `Schedule` would say of its fields, said of the flags that the user has typed."""
    if interval_s is not None and not 1 <= interval_s <= _LARGEST:
        yield mistake("--every is too short or too long", values["every"], f"1s to {_LARGEST}s")
    if not is_time_zone(values["time_zone"]):
        yield unknown_zone("--time-zone", values["time_zone"])
    if not 1 <= values["max_concurrency"] <= _LARGEST:
        yield mistake("--max-concurrency is no count", str(values["max_concurrency"]), "a whole number from 1")
    for option in ("start", "end"):
        if values[option] is not None:
            try:
                read_instant(f"--{option}", values[option])
            except UsageError as found:
                yield found
    if values["schedule_name"] is not None and not values["schedule_name"].strip():
        yield _no_name(values["schedule_name"])


def seconds_of(duration: str, option: str) -> int:
    """`1h30m` as seconds.

    Args:
        duration: what the user wrote.
        option: where, for the message.

    Raises:
        UsageError: E920, no duration.
    """
    if len(duration) > 40 or not _DURATION.fullmatch(duration):
        raise mistake(f"{option} takes a duration", duration, "90s, 15m, 6h, 1d or 1h30m")
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9]+)([smhd])", duration))
