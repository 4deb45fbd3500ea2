"""Keeps credentials of package indexes out of logs, records and messages."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterable

_USER_INFO = re.compile(r"://(?P<user>[^/\s'\"]+)@")
_SHORTEST = 4
"""Shorter passwords are hidden in addresses only: replacing every "a" of a log would hide the log."""


def redacted(text: str) -> str:
    """`text` with the user part of every address in it replaced; a user alone, as in ssh://git@host, is kept."""
    return _USER_INFO.sub(_hidden, text)


def without_credentials(address: str) -> str:
    """The address as package records hold it (PEP 610)."""
    return _USER_INFO.sub(lambda match: match.group() if match["user"] == "git" else "://", address)


def _hidden(match: re.Match[str]) -> str:
    return match.group() if match["user"] == "git" else "://****@"


class Redactor:
    """Hides the credentials in given addresses wherever they turn up, also outside of an address.

    Args:
        addresses: texts that may hold addresses with credentials.
    """

    def __init__(self, addresses: Iterable[str]) -> None:
        found: set[str] = set()
        for address in addresses:
            for match in _USER_INFO.finditer(address):
                user, _, password = match["user"].partition(":")
                secret = password or user
                found |= {secret, urllib.parse.unquote(secret)}
        self._secrets = sorted((secret for secret in found if len(secret) >= _SHORTEST and secret != "git"), key=len)

    def clean(self, text: str) -> str:
        """`text` without the credentials."""
        for secret in reversed(self._secrets):
            text = text.replace(secret, "****")
        return redacted(text)
