"""Who one is to a registry."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user with a password, or a token that is exchanged for others. Never shown.

    Attributes:
        username: "" for a token.
        password: "" for a token.
        identity_token: an OAuth2 refresh token, or "".
        registry_token: a bearer token that is sent as it is, or "".
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of a header of basic authentication."""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"
