"""Settings of an image as a person writes them."""

from __future__ import annotations

import json
import shlex

from milonga.errors import UsageError


def variable_of(text: str) -> tuple[str, str]:
    """Name and value of "NAME=VALUE".

    Raises:
        UsageError: E989, that is none.
    """
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError("E989", "that is no environment variable", got=name, expected="NAME=VALUE")
    return name, value


def words_of(text: str) -> list[str]:
    """The words of a command: a JSON list, or as a shell would part them.

    Raises:
        UsageError: E989, that is none.
    """
    try:
        words = json.loads(text) if text.lstrip().startswith("[") else shlex.split(text)
    except (ValueError, RecursionError) as error:
        raise UsageError("E989", f"that is no command: {error}", got=text) from None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words) or not words:
        raise UsageError("E989", "that is no command", got=text, expected='such as python -m app, or ["python"]')
    return words
