"""`milonga schedule firings`."""

from __future__ import annotations

from typing import Any

import click

from milonga.backends.local.records.firing import Firing
from milonga.cli.backend_flags import local_backend, local_flags
from milonga.cli.local_command import local_command
from milonga.cli.output import print_json, printable
from milonga.engine.home import Home

_REASON_LONGEST = 100


def _firings(**values: Any) -> int:
    backend = local_backend(values)
    found = backend.kept.firings(values["schedule"], values["limit"])
    if values["as_json"]:
        print_json({"schedule": values["schedule"], "firings": [firing.to_json() for firing in found]})
    else:
        for firing in found:
            print(firing_line(firing, backend.home))
    return 0


def firing_line(firing: Firing, home: Home) -> str:
    """A firing in one line; of one that has failed also why, and the command that shows more."""
    reason = " ".join(" ".join(str(firing.error[key]) for key in ("code", "message") if key in firing.error).split())
    if len(reason) > _REASON_LONGEST:
        reason = f"{reason[: _REASON_LONGEST - 3]}..."
    more = local_command(home, "show", firing.run_id) if firing.state == "FAILED" and firing.run_id else ""
    parts = (firing.id, f"{firing.state:<9}", firing.run_id or "-", printable(firing.event), printable(reason), more)
    return "  ".join(filter(None, parts)).rstrip()


firings = click.Command(
    "firings",
    params=[
        click.Argument(["schedule"], metavar="SCHEDULE"),
        *local_flags(),
        click.Option(["--limit", "-n"], type=click.IntRange(min=1), default=20, show_default=True, help="How many."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
    ],
    callback=_firings,
    help="List what a schedule of this machine has started, newest first: what was due, the run, how it ended and why.",
)
