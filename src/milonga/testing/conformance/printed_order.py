"""Lines in which a task has printed a dict, in the order of its keys.

A back end that carries structs through protobuf hands their keys on in an order that changes from run to run. The order
of keys means nothing in a corpus, so it must not decide about a line either.
"""

from __future__ import annotations

import ast
from pathlib import Path

_LINE_MAX = 10_000
"""Longer lines are left alone: they are data, and reading them as Python takes more than they weigh."""


def in_key_order(line: str) -> str:
    """The line itself, or, when it is a printed dict, that dict printed with its keys sorted."""
    if not (line.startswith("{") and line.endswith("}") and len(line) <= _LINE_MAX):
        return line
    try:
        return repr(_sorted(ast.literal_eval(line)))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return line


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def write_in_key_order(source: Path, target: Path) -> None:
    """A copy of a log with each line in the order of its keys; bytes that are no text are spelt out."""
    with (
        source.open(encoding="utf-8", errors="backslashreplace", newline="\n") as read,
        target.open("w", encoding="utf-8", newline="\n") as written,
    ):
        for line in read:
            written.write(in_key_order(line.rstrip("\r\n")) + "\n")
