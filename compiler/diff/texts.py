"""Values as one line for a person, and as one text that is equal for equal meaning."""

from __future__ import annotations

import ast
import difflib
import functools
import json
import math
import warnings
from collections import Counter
from typing import Any

from milonga.compiler.graph import wire

_WIDTH = 60
_CONTEXT = 12
_LINES_MAX = 3000


def plain_json(value: Any) -> Any:
    """`value` with one spelling a number: protobuf has doubles only, so 2 and 2.0 are the same in a pipeline."""
    value = wire.plain(value)
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    return value


def canonical(value: Any) -> str:
    """JSON text that is the same for the same value."""
    return json.dumps(plain_json(value), sort_keys=True, ensure_ascii=False)


def clipped(before: str, after: str) -> tuple[str, str]:
    """Both texts short enough for one line, cut so that what differs can be seen."""
    if max(len(before), len(after)) <= _WIDTH:
        return one_line(before), one_line(after)
    common = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    start = max(0, common - _CONTEXT)
    return _part(before, start), _part(after, start)


def short(text: str) -> str:
    """One text as it stands in a line."""
    return _part(text, 0)


def one_line(text: str) -> str:
    """`text` without line breaks and control characters, which would let a value write on the terminal."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def _part(text: str, start: int) -> str:
    if len(text) <= _WIDTH:
        return one_line(text)
    part = text[start : start + _WIDTH]
    return ("…" if start else "") + one_line(part) + ("…" if start + _WIDTH < len(text) else "")


@functools.lru_cache(maxsize=512)
def unified(before: str, after: str, name: str = "") -> tuple[str, ...]:
    """The lines of a unified diff of two texts, with two lines of context and without the file header's times."""
    names = f"before {name}".strip(), f"after {name}".strip()
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > _LINES_MAX:  # lines that are alike would take it a time of their number squared
        return (f"--- {names[0]}", f"+++ {names[1]}", f"@@ too long to be shown: {len(old)} and {len(new)} lines @@")
    return tuple(difflib.unified_diff(old, new, *names, n=2, lineterm=""))


def counted(before: str, after: str) -> str:
    """How many lines came and went: "+3 -1 lines"."""
    lines = unified(before, after)[2:]
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    if not lines or lines[0].startswith("@@ too long"):
        old, new = Counter(before.splitlines()), Counter(after.splitlines())
        added, removed = (new - old).total(), (old - new).total()
    return f"+{added} -{removed} lines"


@functools.lru_cache(maxsize=512)
def syntax_of(text: str) -> str:
    """What Python reads in `text`, without comments and layout; the text itself, where it is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.dump(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return text
