"""`milonga schedule list`."""

from __future__ import annotations

from typing import Any

import click

from milonga.backends.remote_schedule import RemoteSchedule
from milonga.cli.backend_flags import backend_flags, chosen_backend
from milonga.cli.output import print_json
from milonga.cli.table import lines_of

_HEAD = ("ID", "STATE", "NEXT", "LAST", "TIMING", "NAME")


def _list(**values: Any) -> int:
    backend = chosen_backend(values)
    found = backend.schedules()
    if values["as_json"]:
        print_json({"backend": backend.name, "schedules": [item.to_json() for item in found]})
    else:
        for line in lines_of(_HEAD, [_cells(item) for item in found], is_titled=False):
            print(line)
    return 0


def _cells(item: RemoteSchedule) -> tuple[str, ...]:
    """Id first, so that a shell can cut it off; the name, which may hold anything, last."""
    state = "over" if item.is_over else "on" if item.enabled else "off"
    following = f"next {item.next_time}" if item.next_time else ""
    last = f"last {item.last_state}" if item.last_state else ""
    return (item.id, state, following, last, item.timing or "-", " ".join(item.name.split()))


list_schedules = click.Command(
    "list",
    params=[
        *backend_flags(default="local"),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
    ],
    callback=_list,
    help="List the schedules of this machine or of a back end, newest first, whoever made them: whether they are "
    "on, off or over, and of this machine's the next time and how the last run ended. --json has all of it.",
)
