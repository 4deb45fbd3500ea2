"""Changes as lines for a person, grouped by task."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator, Sequence

import click

from milonga.compiler.diff import Change, unified
from milonga.compiler.diff.change import CODE_KINDS
from milonga.compiler.diff.texts import one_line

_COLOURS = {"+": "green", "-": "red", "~": "yellow", ">": "cyan", "=": "bright_black"}


def print_changes(changes: Sequence[Change], *, code: bool) -> None:
    """Print `changes` on stdout, in colour on a terminal."""
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for line in shown_lines(changes, code=code, coloured=coloured):
        print(line)


def shown_lines(changes: Sequence[Change], *, code: bool, coloured: bool) -> Iterator[str]:
    """The lines: a heading a task, under it a sign, the kind and the text of each change.

    The signs: + came, - went, ~ changed, > renamed, = the same in meaning.
    """
    width = max((len(change.kind) for change in changes), default=0)
    groups = itertools.groupby(changes, key=lambda change: change.where)
    for number, (where, group) in enumerate(groups):
        if number:
            yield ""
        yield _styled(one_line(where), coloured, bold=True)
        for change in group:
            sign = sign_of(change)
            yield f"  {_styled(sign, coloured, fg=_COLOURS[sign])} {change.kind:<{width}}  {_text(change)}"
            if code and change.kind in CODE_KINDS:
                yield from _code_lines(change, coloured)


def sign_of(change: Change) -> str:
    """One character that says what happened."""
    if change.quiet:
        return "="
    if change.kind == "task-renamed":
        return ">"
    if change.before is None:
        return "+"
    return "-" if change.after is None else "~"


def _text(change: Change) -> str:
    """The text without the word that the column before it says already."""
    return change.text.removeprefix(f"{change.kind} ")


def _code_lines(change: Change, coloured: bool) -> Iterator[str]:
    for line in unified(change.before or "", change.after or "", change.what)[2:]:
        yield "      " + _styled(one_line(line.replace("\t", "    ")), coloured, fg=_COLOURS.get(line[:1]))


def _styled(text: str, coloured: bool, *, fg: str | None = None, bold: bool | None = None) -> str:
    return click.style(text, fg=fg, bold=bold) if coloured else text
