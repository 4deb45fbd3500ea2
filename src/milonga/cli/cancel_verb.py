"""`milonga cancel`."""

from __future__ import annotations

from typing import Any

import click

from milonga.cli.backend_flags import backend_flags, chosen_backend
from milonga.cli.output import message, print_json


def _cancel(**values: Any) -> int:
    backend, run_id = chosen_backend(values), values["run_id"]
    backend.cancel(run_id)
    if values["as_json"]:
        print_json({"backend": backend.name, "run_id": run_id, "cancel": "accepted"})
    else:
        message(f"asked for the end of run {run_id}")
    return 0


command = click.Command(
    "cancel",
    params=[
        click.Argument(["run_id"], metavar="RUN"),
        *backend_flags(),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
    ],
    callback=_cancel,
    help="Ask for the end of a run of a back end; 0 once that was accepted, also when it has ended already.",
)
