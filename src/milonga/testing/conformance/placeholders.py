"""`${TMP}` and `{"$repeat": [text, count]}`: what a case cannot spell out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.testing.conformance.matchers import repeated

TEMPORARY = "${TMP}"


def filled(value: Any, temporary: Path) -> Any:
    """`value` with the case's folder for `${TMP}`, in keys as well, and `$repeat` written out."""
    if isinstance(value, str):
        return value.replace(TEMPORARY, str(temporary))
    if isinstance(value, list):
        return [filled(item, temporary) for item in value]
    if isinstance(value, Mapping):
        if value.keys() == {"$repeat"}:
            return repeated(filled(value["$repeat"], temporary))
        return {
            filled(key, temporary): _pattern(item, temporary) if key == "$regex" else filled(item, temporary)
            for key, item in value.items()
        }
    return value


def _pattern(value: Any, temporary: Path) -> Any:
    """A path inside a regular expression stands for itself."""
    return value.replace(TEMPORARY, re.escape(str(temporary))) if isinstance(value, str) else value
