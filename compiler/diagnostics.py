"""Findings about a graph: what, where, got, expected, what to do. Immutable, comparable, sortable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One finding.

    Attributes:
        code: stable identifier; docs/reference/errors.md is keyed by it.
        severity: an error keeps the pipeline from running, a warning does not.
        where: "component/task", with the author's file and line in front where they are known.
    """

    where: str
    code: str
    severity: Severity
    message: str
    got: str = ""
    expected: str = ""
    hint: str = ""

    def to_json(self) -> dict[str, str]:
        """The finding as a flat JSON object, empty fields left out."""
        fields = {
            "code": self.code,
            "severity": self.severity,
            "where": self.where,
            "message": self.message,
            "got": self.got,
            "expected": self.expected,
            "hint": self.hint,
        }
        return {key: value for key, value in fields.items() if value}

    def __str__(self) -> str:
        lines = [f"{self.severity} {self.code}: {self.message}"]
        for label, text in (("at", self.where), ("got", self.got), ("expected", self.expected), ("hint", self.hint)):
            if text:
                lines.append(f"  {label}: {text}")
        return "\n".join(lines)
