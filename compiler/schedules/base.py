"""The contract of a schedule translator: one back end's words for a `Schedule`.

A translator is stateless, immutable and shared; it asks no clock and no server. The same schedule gives the same
document. What may never change: a schedule that a back end cannot keep is refused, and whatever is dropped or changed
is named. Who calls it owns the document, adds what only submission knows (the pipeline version, the project), and
sends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from milonga.compiler.diagnostics import Diagnostic, Severity
from milonga.compiler.graph import Graph
from milonga.dsl.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Translation:
    """A schedule in the words of one back end.

    Attributes:
        document: what the back end takes, a JSON object; None when a finding is an error.
        findings: what the back end cannot express: E310 refused, E311 dropped, E312 changed.
    """

    document: Mapping[str, Any] | None
    findings: tuple[Diagnostic, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any], findings: list[Diagnostic]) -> Translation:
        """The translation; without the document when one of the findings is an error."""
        refused = any(finding.severity == "error" for finding in findings)
        return cls(None if refused else document, tuple(findings))


class ScheduleTranslator(Protocol):
    """Writes schedules for one back end."""

    @property
    def name(self) -> str:
        """The back end, as `--to` spells it."""
        ...

    def translate(
        self, schedule: Schedule, *, name: str, graph: Graph | None, arguments: Mapping[str, Any]
    ) -> Translation:
        """Write `schedule` for this back end.

        Args:
            schedule: when.
            name: the pipeline's name, which the schedule carries unless it has one of its own.
            graph: the pipeline, where it is at hand.
            arguments: JSON values of the pipeline's inputs, checked by the caller.
        """
        ...


def refused(message: str, *, got: str = "", expected: str = "", hint: str = "") -> Diagnostic:
    """E310: the back end cannot express it, and the schedule would be another one without it."""
    return _finding("E310", "error", message, got, expected, hint)


def dropped(message: str, *, got: str = "", expected: str = "", hint: str = "") -> Diagnostic:
    """E311: the back end has no word for it; the document goes without."""
    return _finding("E311", "warning", message, got, expected, hint)


def changed(message: str, *, got: str = "", expected: str = "", hint: str = "") -> Diagnostic:
    """E312: the document says something near to it."""
    return _finding("E312", "warning", message, got, expected, hint)


def _finding(code: str, severity: Severity, message: str, got: str, expected: str, hint: str) -> Diagnostic:
    return Diagnostic(
        path="schedule", code=code, severity=severity, message=message, got=got, expected=expected, hint=hint
    )


def timestamp(time: datetime) -> str:
    """A time in UTC as RFC 3339 writes it, in whole seconds."""
    return time.isoformat().replace("+00:00", "Z")


def input_artifacts(backend: str, graph: Graph | None, arguments: Mapping[str, Any]) -> list[Diagnostic]:
    """A finding for each input artifact that a run would need, of a back end that takes parameters alone."""
    if graph is None:
        return []
    return [
        refused(
            f"{backend}: a schedule cannot give the pipeline's input artifact '{name}'",
            hint="take a URI as a str and import it with ml.importer",
        )
        for name, declared in sorted(graph.root.input_artifacts.items())
        if name in arguments or not declared.is_optional
    ]
