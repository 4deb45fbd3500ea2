"""Findings for a person, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

import click

from milonga.cli.findings.finding import Finding
from milonga.cli.findings.report import Report
from milonga.cli.output import printable

_COLOURS = {"error": "red", "warning": "yellow"}


def as_human(report: Report) -> str:
    """Each finding with what is known about it; under the names of the sources, where there are several.

    What a file says reaches the terminal as text only: characters that would control it are written as escapes.
    """
    lines: list[str] = []
    for checked in report.sources:
        if checked.findings and len(report.sources) > 1:
            lines.append(f"{printable(checked.source)}:")
        for finding in checked.findings:
            lines.extend(_lines(finding, in_colour=report.in_colour))
    return "".join(f"{line}\n" for line in lines)


def _lines(finding: Finding, *, in_colour: bool) -> Iterator[str]:
    label = f"{finding.severity} {finding.code}:"
    if in_colour:
        label = click.style(label, fg=_COLOURS.get(finding.severity), bold=True)
    yield f"{label} {printable(finding.message)}"
    if finding.where:
        yield f"  at: {printable(finding.where)}"
    details = (("got", finding.got), ("expected", finding.expected), ("hint", finding.hint))
    for name, text in (*details, ("construct", finding.construct)):
        if text:
            shown = printable(text, kept="\n")
            yield f"  {name}: {shown}"
