"""JSON documents of images: read with care, written with the same bytes each time."""

from __future__ import annotations

import json
from typing import Any

LARGEST_DOCUMENT_BYTES = 4 << 20
"""What registries must take as a manifest; nobody's is longer."""


def canonical(document: Any) -> bytes:
    """The bytes of a document: keys sorted, no spaces, UTF-8."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def read_object(content: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ValueError: it is none.
    """
    try:
        document = json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(document, dict):
        raise ValueError("no JSON object")
    return document


def objects_in(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The JSON objects in the list under `key`; none where there is no list.

    Raises:
        ValueError: something else stands there.
    """
    found = document.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError(f"'{key}' is no list of objects")
    return found


def strings_in(document: dict[str, Any], key: str) -> list[str]:
    """The strings in the list under `key`; none where there is no list.

    Raises:
        ValueError: something else stands there.
    """
    found = document.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError(f"'{key}' is no list of texts")
    return found
