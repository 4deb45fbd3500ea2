"""KFP's filters, and what an answer must hold."""

from __future__ import annotations

import json

from milonga.backends.failures import strange_answer

_EQUALS = 1


def equals(key: str, value: str) -> str:
    """KFP's filter for one field, in the JSON form of its `Filter` message."""
    return json.dumps({"predicates": [{"operation": _EQUALS, "key": key, "stringValue": value}]})


def required_id(value: str | None, what: str) -> str:
    """An id that the server must have given: the generated client makes an empty object of a page in HTML."""
    if not value:
        raise strange_answer(what, "an answer without an id", "an answer of KFP's v2beta1 API")
    return value
