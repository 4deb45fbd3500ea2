"""Escapes of surrogates in the text of a pipeline file.

JSON writes a character beyond U+FFFF as two escapes, a pair of surrogates; YAML writes it as one, and libyaml refuses
the halves. A half that stands alone is no character, and no UTF-8 holds it, but a text of Python does, and it is data.
"""

from __future__ import annotations

import re

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_PAIR = re.compile(r"(\\\\)|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
"""A pair of surrogates; or an escaped backslash, which begins no escape."""


def with_whole_characters(text: str) -> str:
    """A text of JSON with its surrogate pairs as YAML spells them; any other text as it is."""
    if has_surrogates(text) and text.lstrip().startswith("{"):
        return _PAIR.sub(_as_one_character, text)
    return text


def has_surrogates(text: str) -> bool:
    """Whether something looks like the escape of a surrogate, so that libyaml might refuse it."""
    return _SURROGATE.search(text) is not None


def _as_one_character(pair: re.Match[str]) -> str:
    if pair[1]:
        return pair[1]
    high, low = int(pair[2], 16) & 0x3FF, int(pair[3], 16) & 0x3FF
    return f"\\U{0x10000 + (high << 10 | low):08x}"
