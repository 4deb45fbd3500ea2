"""milonga's own table of fields: names and types of what the kinds of Argo hold, in each line of Argo.

`fields.txt` has a line a structure: `name: field=type field!=type field@3.7=type`. `!` marks a required field, `@` the
lines of Argo that know it (all, where there is none). Types: `text`, `int`, `number`, `bool`, `intstr`, `quantity`,
`any`, `none` (an object without fields), `<A|B>` (one of these texts), `[type]`, `{type}` (a mapping), a structure's
name; `?` behind it allows null.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from milonga.compiler.targets.argo.gate.shapes.shape import ANYTHING, QUANTITY, Shape

_FILE = Path(__file__).with_name("fields.txt")
_FIELD = re.compile(r"(?P<name>[^!@=\s]+)(?P<required>!?)(?:@(?P<versions>[0-9.,]+))?=(?P<type>\S+)")
_INTEGER_MOST = 2**63 - 1
_PLAIN: Mapping[str, Shape] = {
    "text": Shape(kinds=frozenset(("string",))),
    "int": Shape(kinds=frozenset(("integer",)), least=-(2**63), most=_INTEGER_MOST),
    "number": Shape(kinds=frozenset(("number",))),
    "bool": Shape(kinds=frozenset(("boolean",))),
    "intstr": Shape(kinds=frozenset(("integer", "string"))),
    "quantity": Shape(kinds=frozenset(("integer", "string")), pattern=QUANTITY),
    "none": Shape(kinds=frozenset(("object",))),
    "any": ANYTHING,
}


@lru_cache(maxsize=4)
def table_shapes(version: str) -> Mapping[str, Shape]:
    """The shape of each kind in the table, by kind."""
    lines = [line for line in _FILE.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    table = _Table({name: body for name, _, body in (line.partition(": ") for line in lines)}, version)
    return {name: table.structure(name) for name in table.kinds}


class _Table:
    """Makes shapes of lines, each once."""

    def __init__(self, lines: Mapping[str, str], version: str) -> None:
        self._lines = lines
        self._version = version
        self._made: dict[str, Shape] = {}
        self.kinds = tuple(name for name in lines if name[0].isupper())

    def structure(self, name: str) -> Shape:
        """The shape of one line."""
        if name not in self._made:
            fields: dict[str, Shape] = {}
            required: set[str] = set()
            for found in _FIELD.finditer(self._lines[name]):
                if found["versions"] and self._version not in found["versions"].split(","):
                    continue
                fields[found["name"]] = self._type(found["type"])
                if found["required"]:
                    required.add(found["name"])
            shape = Shape(kinds=frozenset(("object",)), fields=fields, required=frozenset(required))
            self._made[name] = shape
        return self._made[name]

    def _type(self, text: str) -> Shape:
        if text.endswith("?"):
            inner = self._type(text[:-1])
            return Shape(kinds=inner.kinds, fields=inner.fields, items=inner.items, others=inner.others, nullable=True)
        if text.startswith("<"):
            return Shape(kinds=frozenset(("string",)), choices=tuple(text[1:-1].split("|")))
        if text.startswith("["):
            return Shape(kinds=frozenset(("array",)), items=self._type(text[1:-1]))
        if text.startswith("{"):
            return Shape(kinds=frozenset(("object",)), others=self._type(text[1:-1]))
        return _PLAIN[text] if text in _PLAIN else self.structure(text)
