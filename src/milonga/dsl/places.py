"""Where in the author's code something was written."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import CodeType

_OURS = (
    "milonga.dsl",
    "milonga.compiler",
    "milonga.engine",
    "milonga.cli",
    "milonga.testing",
    "contextlib",
    "functools",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A file and a line. Never part of a compiled file: the same pipeline elsewhere is the same bytes."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.file else ""


NOWHERE = Place("", 0)


def callers_place() -> Place:
    """The innermost line on the stack that is not milonga's own machinery."""
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not (module.startswith(_OURS) or module == "milonga"):
            return Place(frame.f_code.co_filename, frame.f_lineno)
        if frame.f_back is None:
            break
        frame = frame.f_back
    return NOWHERE


def place_of_code(code: CodeType) -> Place:
    """Where a function is defined."""
    return Place(code.co_filename, code.co_firstlineno)
