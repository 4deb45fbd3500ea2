"""`milonga schedule show`."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import click

from milonga.backends.preparation import checked_request
from milonga.cli.output import message, print_json
from milonga.cli.run_verb import collect_arguments
from milonga.cli.schedule_options import schedule_of, schedule_options
from milonga.cli.source_command import SourceCommand
from milonga.cli.sources import Source
from milonga.compiler.documents import dump_yaml
from milonga.compiler.schedules import TRANSLATORS, KfpSchedules, ScheduleTranslator, Translation, translator_named
from milonga.dsl.instants import read_instant
from milonga.dsl.schedule import Schedule
from milonga.errors import UsageError

_HELP = """Show a schedule in the words of each back end, what those cannot express, and the next times.

SOURCE is FILE.py:NAME, a KFP IR file or a catalogue name; its inputs become flags. Without one, the schedule alone is
shown, for a pipeline called 'pipeline'. Nothing is sent. Times are comments, so that the output is YAML.
"""


def _options() -> list[click.Parameter]:
    return [
        *schedule_options(),
        click.Option(["--args", "args_file"], metavar="FILE", help="JSON object with values of the inputs."),
        click.Option(["--set", "assignments"], multiple=True, metavar="NAME=VALUE", help="Value of one input."),
        click.Option(
            ["--to"],
            multiple=True,
            metavar="NAME",
            help=f"Back end, may be repeated [default: {', '.join(TRANSLATORS)}].",
        ),
        click.Option(
            ["--kfp-time-zone"],
            default="UTC",
            show_default=True,
            envvar="MILONGA_KFP_TIME_ZONE",
            metavar="ZONE",
            help="Clock of the KFP server's schedules (its CRON_SCHEDULE_TIMEZONE).",
        ),
        click.Option(["--count"], type=click.IntRange(0, 1000), default=5, show_default=True, help="Times to show."),
        click.Option(["--after"], metavar="TIME", help="Show the times after this one [default: now]."),
        click.Option(["--strict"], is_flag=True, help="What a back end drops or changes is an error."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
    ]


def _show(source: Source | None, values: dict[str, Any]) -> int:
    schedule = schedule_of(values)
    after = None if values["after"] is None else read_instant("--after", values["after"])
    times = schedule.next_times(values["count"], after=after)
    arguments = _arguments(source, values)
    translations = {
        translator.name: translator.translate(
            schedule,
            name=source.graph.name if source else "pipeline",
            graph=source.graph if source else None,
            arguments=arguments,
        )
        for translator in _translators(values)
    }
    if values["as_json"]:
        _print_json(schedule, times, translations)
    else:
        _print_text(schedule, times, translations)
    findings = [finding for translation in translations.values() for finding in translation.findings]
    return 1 if any(finding.severity == "error" or values["strict"] for finding in findings) else 0


def _translators(values: dict[str, Any]) -> list[ScheduleTranslator]:
    """The back ends asked for, once each; KFP's with the clock of its server."""
    own: dict[str, ScheduleTranslator] = {"kfp": KfpSchedules(server_time_zone=values["kfp_time_zone"])}
    chosen = [translator_named(name) for name in dict.fromkeys(values["to"] or TRANSLATORS)]
    return [own.get(translator.name, translator) for translator in chosen]


def _arguments(source: Source | None, values: dict[str, Any]) -> dict[str, Any]:
    if source is None:
        if values["assignments"] or values["args_file"]:
            raise UsageError("E908", "--set and --args give values of a pipeline's inputs, and no pipeline is named")
        return {}
    request = checked_request(source.graph, source.signature, collect_arguments(source, values))
    return {**request.parameters, **request.artifacts}


def _print_json(schedule: Schedule, times: tuple[datetime, ...], translations: dict[str, Translation]) -> None:
    print_json(
        {
            "schedule": schedule.to_json(),
            "next_times": [{"local": time.isoformat(), "utc": _utc(time)} for time in times],
            "translations": {
                name: {
                    "document": translation.document,
                    "findings": [finding.to_json() for finding in translation.findings],
                }
                for name, translation in translations.items()
            },
        }
    )


def _print_text(schedule: Schedule, times: tuple[datetime, ...], translations: dict[str, Translation]) -> None:
    print(f"# next times ({schedule.time_zone}, UTC)" if times else "# no time is left")
    for time in times:
        print(f"#   {time:%a %Y-%m-%d %H:%M:%S %z}   {_utc(time)}")
    for name, translation in translations.items():
        for finding in translation.findings:
            message(str(finding))
        if translation.document is None:
            print(f"---\n# {name}: refused")
        else:
            print(f"---\n# {name}\n{dump_yaml(translation.document)}", end="")


def _utc(time: datetime) -> str:
    return time.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


show = SourceCommand(
    "show", options=_options(), work=_show, help=_HELP, without_source=frozenset({"--cron", "--every"})
)
