"""`milonga schedule pause`, `resume` and `delete`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from milonga.backends import Backend
from milonga.cli.backend_flags import backend_flags, chosen_backend
from milonga.cli.output import message, print_json

Change = Callable[[Backend, str, dict[str, Any]], None]


def _command(name: str, done: str, help: str, change: Change, *options: click.Parameter) -> click.Command:
    def run(**values: Any) -> int:
        backend, id = chosen_backend(values), values["schedule"]
        change(backend, id, values)
        if values["as_json"]:
            print_json({"backend": backend.name, "id": id, "state": done})
        else:
            message(f"schedule {id} {done}")
        return 0

    return click.Command(
        name,
        params=[
            click.Argument(["schedule"], metavar="SCHEDULE"),
            *backend_flags(default="local"),
            *options,
            click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
        ],
        callback=run,
        help=f"{help} SCHEDULE is its id: `milonga schedule list` has it. On this machine its name will do.",
    )


pause = _command(
    "pause",
    "paused",
    "Start no more runs until the schedule is resumed.",
    lambda backend, id, _: backend.pause_schedule(id),
)
resume = _command(
    "resume",
    "resumed",
    "Start runs again.",
    lambda backend, id, values: backend.resume_schedule(id, catch_up=values["catch_up"]),
    click.Option(["--catch-up"], is_flag=True, help="Also start the runs that were missed in between (local, vertex)."),
)
delete = _command(
    "delete", "deleted", "Forget a schedule; its runs stay.", lambda backend, id, _: backend.delete_schedule(id)
)
