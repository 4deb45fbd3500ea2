"""The rules of a log: the explanations of the codes that are in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from milonga.cli.findings.finding import Finding
from milonga.cli.findings.sarif.messages import LEVELS, message_text
from milonga.explanations import explanation_of
from milonga.explanations.rendering import as_markdown, as_text

_COLUMNS = 100


def rules_of(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """One description a code (section 3.49), sorted."""
    return [
        _rule(code, [finding for finding in findings if finding.code == code])
        for code in sorted({finding.code for finding in findings})
    ]


def _rule(code: str, found: Sequence[Finding]) -> dict[str, Any]:
    """The description of a code. One without an explanation is described by the first message."""
    level = next(name for name in LEVELS if any(finding.severity == name for finding in found))
    rule: dict[str, Any] = {"id": code, "defaultConfiguration": {"level": level}, "properties": {"tags": ["milonga"]}}
    explanation = explanation_of(code)
    if explanation is None:
        return {**rule, "shortDescription": {"text": message_text(found[0].message)}}
    # Braces stay single here: these strings take no arguments, and code hosts show them as they are.
    return {
        **rule,
        "shortDescription": {"text": explanation.title},
        "fullDescription": {"text": f"{explanation.means} {explanation.why}"},
        "help": {"text": as_text(explanation, width=_COLUMNS), "markdown": as_markdown(explanation)},
        "helpUri": explanation.address,
    }
