"""Hints with the nearest known name, at a bounded price: a file with thousands of misspelt names is checked as well."""

from __future__ import annotations

import difflib
from collections.abc import Collection

_LENGTH_MAX = 128
"""The longest name that is compared: comparing is quadratic in the length, and no back end takes longer names."""

_COMPARISONS_MAX = 20_000
"""How many names one check compares, some 20 µs each. Later findings go without a hint."""


class Spelling:
    """Compares names until its budget is spent. Not thread-safe; a check makes its own.

    The budget is one of names and not of findings, so that a small file has a hint at each of its findings.
    """

    def __init__(self, comparisons: int = _COMPARISONS_MAX) -> None:
        self._left = comparisons

    def nearest(self, name: str, *known: Collection[str]) -> str:
        """A hint with the known name that is nearest to `name`, or with the first of them; "" beyond the budget."""
        if self._left <= 0:
            return ""
        self._left -= sum(map(len, known)) or 1
        names = sorted({other for group in known for other in group})
        comparable = [other for other in names if len(other) <= _LENGTH_MAX] if len(name) <= _LENGTH_MAX else []
        near = difflib.get_close_matches(name, comparable, n=1)
        if near:
            return f"did you mean '{near[0]}'?"
        return f"there are: {', '.join(other[:_LENGTH_MAX] for other in names[:12]) or 'none'}"
