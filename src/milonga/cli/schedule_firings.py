"""`milonga schedule firings`."""

from __future__ import annotations

from typing import Any

import click

from milonga.backends.local.records.firing import Firing
from milonga.cli.backend_flags import local_backend, local_flags
from milonga.cli.output import print_json, printable


def _firings(**values: Any) -> int:
    found = local_backend(values).kept.firings(values["schedule"], values["limit"])
    if values["as_json"]:
        print_json({"schedule": values["schedule"], "firings": [firing.to_json() for firing in found]})
    else:
        for firing in found:
            print(_line(firing))
    return 0


def _line(firing: Firing) -> str:
    reason = " ".join(str(firing.error[key]) for key in ("code", "message") if key in firing.error)
    parts = (firing.id, f"{firing.state:<9}", firing.run_id or "-", printable(firing.event), printable(reason))
    return "  ".join(filter(None, parts))


firings = click.Command(
    "firings",
    params=[
        click.Argument(["schedule"], metavar="SCHEDULE"),
        *local_flags(),
        click.Option(["--limit", "-n"], type=click.IntRange(min=1), default=20, show_default=True, help="How many."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
    ],
    callback=_firings,
    help="List what a schedule of this machine has started, newest first: what was due, the run, how it ended.",
)
