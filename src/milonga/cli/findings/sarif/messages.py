"""What a result says."""

from __future__ import annotations

import re

from milonga.cli.findings.finding import Finding

LEVELS = ("error", "warning")
"""Severities, which are SARIF's words as well (section 3.27.10), the gravest first."""

_LINK = re.compile(r"\[(?=[^\[\]]*\]\()")


def message_of(finding: Finding) -> str:
    """The first line says what is wrong, since viewers with little room show nothing else (section 3.11.3)."""
    lines = [finding.message, *(f"{name}: {text}" for name, text in details_of(finding).items() if name != "construct")]
    return message_text("\n".join(lines))


def message_text(text: str) -> str:
    """A message string: braces are doubled (section 3.11.5), and what looks like a link is none (section 3.11.6)."""
    return _LINK.sub(r"\\[", text.replace("{", "{{").replace("}", "}}"))


def details_of(finding: Finding) -> dict[str, str]:
    """What is known beside the message, empty fields left out."""
    fields = {"got": finding.got, "expected": finding.expected, "hint": finding.hint, "construct": finding.construct}
    return {name: text for name, text in fields.items() if text}
