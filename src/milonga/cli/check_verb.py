"""`milonga check`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from milonga.cli.findings import FORMATS, Report, check_sources
from milonga.cli.output import message, write_file
from milonga.cli.schema_places import SCHEMAS_HELP, definitions_at
from milonga.compiler.targets import target_named


@click.command("check")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--target", "target", default="", help="Also say what this target would drop, refuse or change.")
@click.option("--schemas", metavar="PATH|cluster", help=SCHEMAS_HELP)
@click.option("--strict", is_flag=True, help="Warnings are errors.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="How findings are written; default: human.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("-o", "--output", help="File to write the findings to; '-' or nothing is stdout.")
def command(
    sources: tuple[str, ...],
    target: str,
    schemas: str | None,
    strict: bool,
    form: str | None,
    as_json: bool,
    output: str | None,
) -> int:
    """Check pipelines and report every finding at once. Nothing is run.

    With several sources each is checked by itself, and the exit code is the worst of them.
    """
    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json and --format {form} contradict each other")
    if output == "":
        raise click.UsageError("-o needs the name of a file")
    chosen_target = target_named(target) if target else None  # a wrong name is no finding of any source
    if schemas is not None and (chosen_target is None or not chosen_target.takes_schemas):
        raise click.UsageError("--schemas needs a target whose objects have definitions: --target argo")
    chosen = "json" if as_json else form or "human"
    to_file = output not in (None, "-")
    in_colour = chosen == "human" and not to_file and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    names = tuple(dict.fromkeys(sources))
    with definitions_at(schemas, chosen_target) as definitions:
        checked = check_sources(names, target, schemas=definitions, keeps_errors=chosen == "sarif")
    report = Report(tuple(item.strictly() for item in checked) if strict else checked, target, in_colour)
    text = FORMATS[chosen](report)
    if to_file:
        write_file(Path(output or ""), text)
    else:
        sys.stdout.write(text)
    for unread in (finding for item in report.sources if item.stopped for finding in item.findings):
        message(f"error {unread.code}: {unread.message}")
    message(report.summary)
    return report.exit_code
