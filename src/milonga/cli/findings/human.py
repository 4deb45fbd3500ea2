"""Findings for a person, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

import click

from milonga.cli.findings.finding import Finding
from milonga.cli.findings.report import Report

_COLOURS = {"error": "red", "warning": "yellow"}


def as_human(report: Report) -> str:
    """Each finding with what is known about it; under the names of the sources, where there are several."""
    lines: list[str] = []
    for checked in report.sources:
        if checked.findings and len(report.sources) > 1:
            lines.append(f"{checked.source}:")
        for finding in checked.findings:
            lines.extend(_lines(finding, in_colour=report.in_colour))
    return "".join(f"{line}\n" for line in lines)


def _lines(finding: Finding, *, in_colour: bool) -> Iterator[str]:
    label = f"{finding.severity} {finding.code}:"
    if in_colour:
        label = click.style(label, fg=_COLOURS.get(finding.severity), bold=True)
    yield f"{label} {finding.message}"
    details = {"at": finding.where, "got": finding.got, "expected": finding.expected, "hint": finding.hint}
    for name, text in details.items():
        if text:
            yield f"  {name}: {text}"
