"""What a registry asks for when it answers "401": the header WWW-Authenticate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_SCHEME = re.compile(r"\s*,?\s*([A-Za-z][A-Za-z0-9_-]*)(?=\s|,|$)\s*")
_PARAMETER = re.compile(r'\s*,?\s*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*')


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate. Source: RFC 9110, section 11.6.1.

    Attributes:
        scheme: in lower case, such as "bearer", "basic".
        parameters: by name, in lower case.
    """

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)


def challenges_in(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """The challenges in all headers WWW-Authenticate of an answer; what is no challenge ends the reading."""
    found: list[Challenge] = []
    for text in headers:
        position = 0
        while position < len(text):
            parameter = _PARAMETER.match(text, position) if found else None
            if parameter is not None:
                name, quoted, plain = parameter.groups()
                value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
                found[-1].parameters.setdefault(name.lower(), value)
                position = parameter.end()
                continue
            scheme = _SCHEME.match(text, position)
            if scheme is None:
                break
            found.append(Challenge(scheme.group(1).lower()))
            position = scheme.end()
    return tuple(found)
