"""One finding, in one form whoever made it: a rule, a target, or an error that ended the reading of a source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.compiler.diagnostics import Diagnostic, Severity
from milonga.errors import MilongaError

_PLACE = re.compile(r"(?P<file>.+):(?P<line>\d+)")
_POSITION = re.compile(r"line (?P<line>\d+), column (?P<column>\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding.

    Attributes:
        code: stable identifier, explained by `milonga explain`.
        severity: an error keeps the pipeline from running, a warning does not.
        message: one sentence, what is wrong.
        source: what the user named.
        file: the file that it is about, as it was opened; "" when there is none.
        line: line in the file, from 1; 0 when it is not known.
        column: column in the line, from 1; 0 when it is not known.
        path: "component/task" in the graph, or the path in a document; "" for all of it.
        got: what was found.
        expected: what would have been right.
        hint: what to do next.
        construct: the construct that a target's finding is about.
    """

    code: str
    severity: Severity
    message: str
    source: str
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    got: str = ""
    expected: str = ""
    hint: str = ""
    construct: str = ""

    @property
    def where(self) -> str:
        """File and line, and the path in the graph, as far as they are known."""
        if not self.file:
            return self.path
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} ({self.path})" if self.path else place

    @property
    def order(self) -> tuple[str, int, str, str, str]:
        """What the findings of one source are sorted by."""
        return (self.file, self.line, self.path, self.code, self.message)

    def to_json(self) -> dict[str, Any]:
        """The finding as a flat JSON object, empty fields left out."""
        fields = {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "source": self.source,
            "where": self.where,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "path": self.path,
            "got": self.got,
            "expected": self.expected,
            "hint": self.hint,
            "construct": self.construct,
        }
        return {key: value for key, value in fields.items() if value}


def of_diagnostic(diagnostic: Diagnostic, source: str) -> Finding:
    """The finding of a rule or target."""
    place = diagnostic.place
    return Finding(
        code=diagnostic.code,
        severity=diagnostic.severity,
        message=diagnostic.message,
        source=source,
        file=place.file if place else "",
        line=place.line if place else 0,
        path=diagnostic.path,
        got=diagnostic.got,
        expected=diagnostic.expected,
        hint=diagnostic.hint,
        construct=diagnostic.construct,
    )


def of_error(error: MilongaError, source: str) -> Finding:
    """An error as a finding. Its `where` is "file:line", "file: path in the document" or words."""
    file, line, column, path = _place_of(error.where, source)
    return Finding(
        code=error.code,
        severity="error",
        message=error.message,
        source=source,
        file=file,
        line=line,
        column=column,
        path=path,
        got=error.got,
        expected=error.expected,
        hint=error.hint,
    )


def file_of(source: str) -> str:
    """The file that a source is in: "FILE" or "FILE:NAME"; "" when it is in none."""
    return next((file for file in (source, source.rpartition(":")[0]) if file and Path(file).is_file()), "")


def _place_of(where: str, source: str) -> tuple[str, int, int, str]:
    """File, line, column and path."""
    if Path(source).is_file() and (where == source or where.startswith(f"{source}: ")):
        rest = where[len(source) + 2 :]
        position = _POSITION.fullmatch(rest)
        return (source, int(position["line"]), int(position["column"]), "") if position else (source, 0, 0, rest)
    place = _PLACE.fullmatch(where)
    return (place["file"], int(place["line"]), 0, "") if place else ("", 0, 0, where)
