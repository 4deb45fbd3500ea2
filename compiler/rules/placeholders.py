"""Placeholders of KFP in the texts of a step: `{{$.inputs.parameters['x']}}` and the JSON forms around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_NAMED = re.compile(
    r"""\{\{\$\.(?P<way>inputs|outputs)\.(?P<noun>parameter|artifact)s\[\s*(?P<quote>\\?['"])(?P<name>[^'"\\]{1,200})(?P=quote)\s*\]"""
)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One input or output that a text asks for; `noun` is "parameter", "artifact", or "" for either."""

    name: str
    noun: str = ""
    is_output: bool = False


def placeholders_in(text: str) -> Iterator[Placeholder]:
    """The inputs and outputs that a text asks for, each once."""
    if "{{$." in text:
        yield from dict.fromkeys(
            Placeholder(found["name"], found["noun"], found["way"] == "outputs") for found in _NAMED.finditer(text)
        )
    if text.startswith('{"') and ('"IfPresent"' in text or '"InputName"' in text):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return
        yield from map(Placeholder, _tested(value))


def _tested(value: Any) -> Iterator[str]:
    """The inputs that `IfPresent` asks for; iterative, since the text may be nested as deeply as somebody likes."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            name = item.get("InputName")
            if isinstance(name, str):
                yield name
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
