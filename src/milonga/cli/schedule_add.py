"""`milonga schedule add`."""

from __future__ import annotations

from typing import Any

import click

from milonga.cli.backend_flags import backend_flags, chosen_backend
from milonga.cli.output import message, print_json
from milonga.cli.schedule_options import schedule_of, schedule_options
from milonga.cli.source_command import SourceCommand
from milonga.cli.sources import Source
from milonga.cli.submit_verb import ready_request, submission_options
from milonga.errors import UsageError

_HELP = """Let a back end, or this machine, run a pipeline again and again, and print the schedule's id and page.

SOURCE is FILE.py:NAME, a KFP IR file or a catalogue name; its inputs become flags. What the back end cannot keep of the
schedule is an error, and nothing is sent; what it changes is shown. `milonga schedule show` sends nothing.
"""


def _options() -> list[click.Parameter]:
    return [
        *backend_flags("run", "schedule", default="local"),
        *schedule_options(),
        *submission_options(),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
    ]


def _add(source: Source | None, values: dict[str, Any]) -> int:
    backend = chosen_backend(values)
    if source is None:
        raise UsageError("E908", "no pipeline to schedule")
    schedule = schedule_of(values)
    ready = ready_request(source, backend, values)
    if ready is None:
        return 1
    graph, request, findings = ready
    translation = backend.translated(graph, request, schedule)
    for finding in translation.findings:
        message(str(finding))
    if translation.document is None:
        message("nothing was sent")
        if values["as_json"]:
            print_json({"findings": [finding.to_json() for finding in (*findings, *translation.findings)]})
        return 1
    made = backend.add_schedule(graph, request, schedule)
    if made.note:
        message(made.note)
    if values["as_json"]:
        found = [finding.to_json() for finding in (*findings, *translation.findings)]
        print_json({"backend": backend.name, **made.to_json(), "findings": found})
    else:
        print("\n".join(filter(None, (made.id, made.url))))
    return 0


add = SourceCommand("add", options=_options(), work=_add, help=_HELP)
