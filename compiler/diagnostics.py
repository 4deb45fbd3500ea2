"""Findings about a graph: what, where, got, expected, what to do. Immutable and comparable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from milonga.dsl.places import Place

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding.

    Attributes:
        code: stable identifier; `milonga explain` and docs/reference/errors.md are keyed by it.
        severity: an error keeps the pipeline from running, a warning does not.
        message: one sentence, what is wrong.
        path: "component/task" in the graph; "" for the pipeline as a whole.
        place: the author's file and line, where they are known.
        got: what was found.
        expected: what would have been right.
        hint: what to do next.
        construct: the construct of the language that a target's finding is about; "" for rules.
    """

    code: str
    severity: Severity
    message: str
    path: str = ""
    place: Place | None = None
    got: str = ""
    expected: str = ""
    hint: str = ""
    construct: str = ""

    @property
    def where(self) -> str:
        """File and line, and the path in the graph, as far as they are known."""
        if self.place is None or not self.place.file:
            return self.path
        return f"{self.place} ({self.path})" if self.path else str(self.place)

    @property
    def order(self) -> tuple[str, int, str, str, str]:
        """What findings are sorted by: place, path, code."""
        place = self.place
        return (place.file if place else "", place.line if place else 0, self.path, self.code, self.message)

    def to_json(self) -> dict[str, Any]:
        """The finding as a flat JSON object, empty fields left out."""
        fields = {
            "code": self.code,
            "severity": self.severity,
            "where": self.where,
            "path": self.path,
            "file": self.place.file if self.place else "",
            "line": self.place.line if self.place else 0,
            "message": self.message,
            "got": self.got,
            "expected": self.expected,
            "hint": self.hint,
            "construct": self.construct,
        }
        return {key: value for key, value in fields.items() if value}

    def __str__(self) -> str:
        lines = [f"{self.severity} {self.code}: {self.message}"]
        details = (("at", self.where), ("got", self.got), ("expected", self.expected), ("hint", self.hint))
        for label, text in (*details, ("construct", self.construct)):
            if text:
                lines.append(f"  {label}: {text}")
        return "\n".join(lines)
