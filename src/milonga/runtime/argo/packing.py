"""What a compiled pipeline says about itself, as the one file that a ConfigMap carries."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any


def packed(document: Mapping[str, Any]) -> bytes:
    """A JSON object as few bytes; the same object, the same bytes."""
    return zlib.compress(json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii"), 9)


def unpacked(content: bytes) -> dict[str, Any]:
    """The JSON object in such a file.

    Raises:
        ValueError: it is none.
    """
    try:
        found = json.loads(zlib.decompress(content))
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found
