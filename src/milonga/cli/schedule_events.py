"""`milonga schedule on-file` and `on-hook`: schedules of this machine that wait for something to happen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from milonga.backends.local.triggers import FileTrigger, HookTrigger, Trigger
from milonga.backends.preparation import checked_request
from milonga.backends.submit_request import SubmitRequest
from milonga.cli.backend_flags import local_backend, local_flags
from milonga.cli.output import message, print_json
from milonga.cli.run_verb import collect_arguments
from milonga.cli.schedule_options import name_of, seconds_of
from milonga.cli.source_command import SourceCommand
from milonga.cli.sources import Source
from milonga.cli.submit_verb import ready_graph, request_options, submission_options
from milonga.compiler.graph import Graph
from milonga.dsl.parameters import to_json
from milonga.errors import UsageError

_FILE_HELP = """Run a pipeline on this machine for each new file in a folder, and print the schedule's id.

SOURCE is FILE.py:NAME, a KFP IR file or a catalogue name; its inputs become flags. The file's path is given to one of
them. A file is new once, and only when it has been left alone for a while. Files that are there already are not new.
"""
_HOOK_HELP = """Run a pipeline on this machine whenever it is asked for over HTTP, and print the schedule's id.

SOURCE is FILE.py:NAME, a KFP IR file or a catalogue name; its inputs become flags, and a request may give others:
POST /hooks/NAME with the arguments as a JSON object. `milonga schedule serve --port PORT` answers requests.
"""


def _event_options() -> list[click.Parameter]:
    return [
        *local_flags("run"),
        click.Option(
            ["--name", "schedule_name"], metavar="TEXT", help="Name of the schedule [default: the pipeline's]."
        ),
        click.Option(
            ["--max-concurrency"],
            type=click.IntRange(min=1),
            default=1,
            show_default=True,
            help="Runs at the same time.",
        ),
        *submission_options(),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
    ]


def _on_file(source: Source | None, values: dict[str, Any]) -> int:
    if source is None:
        raise UsageError("E908", "no pipeline to schedule")
    name = values["file_input"]
    trigger = FileTrigger(
        str(Path(values["folder"]).absolute()),
        values["pattern"],
        name,
        seconds_of(values["settle"], "--settle"),
        values["by_content"],
    )
    trigger.require_input(source.graph)
    return _add(source, values, trigger, {name: trigger.folder}, take_present=values["take_present"])


def _on_hook(source: Source | None, values: dict[str, Any]) -> int:
    if source is None:
        raise UsageError("E908", "no pipeline to schedule")
    return _add(source, values, HookTrigger(), None)


def _add(
    source: Source,
    values: dict[str, Any],
    trigger: Trigger,
    sample: Mapping[str, Any] | None,
    *,
    take_present: bool = False,
) -> int:
    """Keep the schedule.

    Args:
        source: the pipeline.
        values: of the command line.
        trigger: what starts runs.
        sample: a value for each input that every event will bring; None, nobody knows what an event brings.
        take_present: what is there already is new.
    """
    backend, name = local_backend(values), name_of(values)
    given = collect_arguments(source, values)
    options = request_options(values)
    ready = ready_graph(source, backend, values)
    if ready is None:
        return 1
    graph, findings = ready
    arguments = _checked(graph, source, given, sample)
    draft = backend.draft(
        graph,
        SubmitRequest(**options),
        trigger,
        name=name,
        arguments=arguments,
        max_concurrency=values["max_concurrency"],
    )
    made = backend.kept.add(draft, take_present=take_present)
    if made.note:
        message(made.note)
    if values["as_json"]:
        found = [finding.to_json() for finding in findings]
        print_json({"backend": backend.name, **made.to_json(), "findings": found})
    else:
        print(made.id)
        message(made.timing)
    return 0


def _checked(
    graph: Graph, source: Source, given: Mapping[str, Any], sample: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The arguments that are kept. What is missing (E903) may come with the event, where that is not known before.

    Raises:
        UsageError: E902-E904.
    """
    try:
        request = checked_request(graph, source.signature, {**given, **(sample or {})})
    except UsageError as error:
        if error.code != "E903" or sample is not None:
            raise
        return {name: to_json(value) for name, value in given.items()}
    arguments = {**request.parameters, **request.artifacts}
    return {name: value for name, value in arguments.items() if name not in (sample or {})}


on_file = SourceCommand(
    "on-file",
    options=[
        click.Option(["--folder"], required=True, metavar="DIR", help="The folder to watch."),
        click.Option(["--pattern"], default="*", show_default=True, metavar="GLOB", help="Which files; **/ goes down."),
        click.Option(["--input", "file_input"], required=True, metavar="NAME", help="The input that gets the path."),
        click.Option(
            ["--settle"], default="2s", show_default=True, metavar="DURATION", help="For how long it must not change."
        ),
        click.Option(["--by-content"], is_flag=True, help="New is what has new content, whatever its name."),
        click.Option(["--take-present"], is_flag=True, help="Files that are there already are new too."),
        *_event_options(),
    ],
    work=_on_file,
    help=_FILE_HELP,
)
on_hook = SourceCommand("on-hook", options=_event_options(), work=_on_hook, help=_HOOK_HELP)
