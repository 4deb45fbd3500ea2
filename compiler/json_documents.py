"""Pipeline files that are plain JSON, one document or several with `---` between them.

Every JSON text is YAML, but a reader of YAML takes a hundred times as long for it, and reads `1e3` as text. What is not
JSON throughout, or repeats a key, is left to that reader, which has the better messages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_BETWEEN = re.compile(r"^---$\n?", re.MULTILINE)
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def json_documents(text: str) -> tuple[Any, ...] | None:
    """The documents of a JSON text; None when it is none.

    Raises:
        RecursionError: it is nested too deeply.
    """
    if text.lstrip()[:1] != "{":
        return None
    try:
        return tuple(
            json.loads(part, object_pairs_hook=_object, parse_constant=_refused) for part in _BETWEEN.split(text)
        )
    except ValueError:
        return None


def dump_json_documents(documents: tuple[Mapping[str, Any], ...]) -> str:
    """Documents as JSON in ASCII, one a line."""
    return "---\n".join(f"{_JSON.encode(document)}\n" for document in documents)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refused(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")
