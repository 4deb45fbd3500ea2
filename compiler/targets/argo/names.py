"""Names that Argo takes, made of names that it may not take."""

from __future__ import annotations

import re

_NAME_MAX = 63
_OPERATORS = frozenset({"in", "not", "matches", "contains", "let", "true", "false", "nil", "and", "or", "if", "else"})
"""Words of the language in which `depends` is written: a task of that name makes the run an error."""


class Names:
    """Gives each thing of one namespace a name of letters, digits and dashes; the same names in the same order.

    Not thread-safe; one belongs to one emission.

    Args:
        separator: what stands for characters that a name may not have: "-" or "_".
        length_max: how long a name may be.
    """

    def __init__(self, separator: str = "-", length_max: int = _NAME_MAX) -> None:
        self._separator = separator
        self._length_max = length_max
        self._taken: set[str] = set()

    def add(self, wanted: str) -> str:
        """A free name like `wanted`."""
        separator = self._separator
        base = re.sub(r"[^A-Za-z0-9]+", separator, wanted).strip(separator)[: self._length_max].rstrip(separator)
        if not base[:1].isalpha() or base.lower() in _OPERATORS:
            base = f"t{separator}{base}".rstrip(separator)[: self._length_max]
        name, count = base, 1
        while name in self._taken:
            count += 1
            ending = f"{separator}{count}"
            name = base[: self._length_max - len(ending)] + ending
        self._taken.add(name)
        return name
