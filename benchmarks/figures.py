"""What a benchmark says: figures, and the bars that they must keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Bar:
    """A limit: at most, or at least."""

    limit: float
    at_least: bool = False

    def is_met(self, value: float) -> bool:
        """Whether `value` keeps it."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Attributes:
        what: what was measured.
        tool: on which tool.
        value: None when it could not be measured; `note` then says why.
        unit: of `value`.
        bar: what milonga promises, if anything.
        note: how it was measured, where that is not plain.
    """

    what: str
    tool: str
    value: float | None
    unit: str
    bar: Bar | None = None
    note: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether a promise is broken. A ratio to a peer that does not run here breaks none."""
        if self.bar is None:
            return False
        return self.tool == "milonga" if self.value is None else not self.bar.is_met(self.value)

    @property
    def verdict(self) -> str:
        """`yes`, `NO`, `not measured`, or nothing where there is no bar."""
        if self.bar is None:
            return ""
        return "NO" if self.is_missed else "yes" if self.value is not None else "not measured"

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "what": self.what,
            "tool": self.tool,
            "value": self.value,
            "unit": self.unit,
            "bar": str(self.bar) if self.bar else None,
            "met": None if self.bar is None or (self.value is None and not self.is_missed) else not self.is_missed,
            "note": self.note,
        }


def ratio(above: float | None, below: float | None) -> float | None:
    """`above` / `below`, where both were measured."""
    return above / below if above is not None and below else None


def table(figures: list[Figure]) -> str:
    """Figures as lines of text."""
    rows = [("", "tool", "figure", "", "bar", "met", "")]
    for figure in figures:
        bar = str(figure.bar or "")
        rows.append((figure.what, figure.tool, _text(figure.value), figure.unit, bar, figure.verdict, figure.note))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column == 2 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        lines.append("  ".join([*cells, row[6]]).rstrip())
    return "\n".join(lines)


def _text(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.3g}" if value < 100 else f"{value:,.0f}"
