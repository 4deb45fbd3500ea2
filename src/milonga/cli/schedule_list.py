"""`milonga schedule list`."""

from __future__ import annotations

from typing import Any

import click

from milonga.backends.remote_schedule import RemoteSchedule
from milonga.cli.backend_flags import backend_flags, chosen_backend
from milonga.cli.output import print_json


def _list(**values: Any) -> int:
    backend = chosen_backend(values)
    found = backend.schedules()
    if values["as_json"]:
        print_json({"backend": backend.name, "schedules": [item.to_json() for item in found]})
    else:
        for item in found:
            print(_line(item))
    return 0


def _line(item: RemoteSchedule) -> str:
    """Id first, so that a shell can cut it off; the name, which may hold anything, last."""
    return "  ".join((item.id, "on " if item.enabled else "off", item.timing or "-", " ".join(item.name.split())))


list_schedules = click.Command(
    "list",
    params=[
        *backend_flags(default="local"),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
    ],
    callback=_list,
    help="List the schedules of this machine or of a back end, newest first, whoever made them.",
)
