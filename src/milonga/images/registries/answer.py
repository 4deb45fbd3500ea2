"""What a server answered."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from types import TracebackType
from typing import Any

from milonga.images.documents import LARGEST_DOCUMENT_BYTES

_SHOWN = 300
_BLOCK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and a body that is still to be read. Close it, or use it in a `with`.

    Attributes:
        status: of HTTP.
        headers: of HTTP.
        url: of the last request, after redirects.
        stream: the body.
    """

    status: int
    headers: Message
    url: str
    stream: Any

    def header(self, name: str) -> str:
        """The first header of that name, or ""."""
        return str(self.headers.get(name) or "")

    def body(self) -> bytes:
        """The whole body; longer ones than any document are cut.

        Raises:
            OSError: the connection breaks, as `http.client.HTTPException` also says.
        """
        content = b""
        while len(content) <= LARGEST_DOCUMENT_BYTES and (block := self.read(_BLOCK_BYTES)):
            content += block
        return content

    def read(self, amount: int, /) -> bytes:
        """At most `amount` bytes of the body; none at its end.

        Raises:
            OSError: the connection breaks, as `http.client.HTTPException` also says.
        """
        block: bytes = self.stream.read(amount)
        if not block and getattr(self.stream, "length", None):  # http.client is silent about that
            raise http.client.IncompleteRead(block, self.stream.length)
        return block

    def said(self) -> str:
        """Status and the server's own words about it, short."""
        words = ""
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError, RecursionError):
            words = _words(json.loads(self.body()))
        return f"HTTP {self.status}{': ' if words else ''}{words[:_SHOWN]}"

    def close(self) -> None:
        """Let the connection go."""
        self.stream.close()

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _words(document: Any) -> str:
    """The errors of a registry, or of a token server."""
    if not isinstance(document, Mapping):
        return ""
    errors = document.get("errors")
    if isinstance(errors, list):
        found = [error for error in errors if isinstance(error, Mapping)]
        return "; ".join(f"{error.get('code', '')} {error.get('message', '')}".strip() for error in found)
    return str(document.get("error") or document.get("details") or "")
