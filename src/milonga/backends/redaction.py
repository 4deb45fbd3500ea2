"""Secrets out of texts that somebody else wrote."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

_SHORTEST = 4
"""Shorter values of cookies, such as that of `lang=en`, are no secrets, and stand in any text."""


def redacted(text: str, secrets: Iterable[str]) -> str:
    """`text` with `***` for each secret, the longest first, also where it stands without its percent signs."""
    spellings = {spelling for secret in secrets for spelling in (secret, unquote(secret))}
    for secret in sorted(spellings, key=len, reverse=True):
        if secret.strip():
            text = text.replace(secret, "***")
    return text


def secrets_of_cookies(header: str) -> tuple[str, ...]:
    """The header `Cookie`, and the value of each cookie in it, with and without its quotation marks."""
    values = [part.partition("=")[2].strip() for part in header.split(";")]
    spellings = (*values, *(value.strip('"') for value in values))
    return tuple(text for text in (header, *(value for value in spellings if len(value) >= _SHORTEST)) if text)
