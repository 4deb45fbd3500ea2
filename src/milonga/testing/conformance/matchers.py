"""Comparison of parsed values: exact ones, and matchers, which are objects whose keys start with `$`.

An integer must be an integer (1, not 1.0, "1" or true), a float is compared by value; the order of keys does not
matter, that of lists does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from milonga.errors import UsageError

ABSENT = object()
"""Stands for a value that is not there."""


def difference(expected: Any, actual: Any, where: str) -> str:
    """The first difference between a value and what was expected of it; "" when there is none.

    Args:
        expected: a JSON value; objects with `$` keys in it are matchers.
        actual: a JSON value, or ABSENT.
        where: name of the value, for the message.

    Raises:
        UsageError: E916, an unknown or malformed matcher.
    """
    if is_matcher(expected):
        return _matched(expected, actual, where)
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return _objects(expected, actual, where)
    if isinstance(expected, list) and isinstance(actual, (list, tuple)):
        return _lists(expected, actual, where)
    return "" if _equal(expected, actual) else f"{where}: expected {shown(expected)}, got {shown(actual)}"


def subset_difference(expected: Mapping[str, Any], actual: Mapping[str, Any], where: str) -> str:
    """The first of the expected keys whose value differs; others may be there."""
    for key, value in expected.items():
        found = difference(value, actual.get(key, ABSENT), f"{where}.{key}")
        if found:
            return found
    return ""


def is_matcher(value: Any) -> bool:
    """Whether an expected value is a matcher.

    Raises:
        UsageError: E916, it mixes matchers and plain keys.
    """
    if not isinstance(value, Mapping) or not value:
        return False
    marked = [str(key).startswith("$") for key in value]
    if any(marked) and not all(marked):
        raise UsageError("E916", "an object of the corpus mixes matchers and plain keys", got=", ".join(value))
    return all(marked)


def shown(value: Any) -> str:
    """A value in a message."""
    text = "no value" if value is ABSENT else repr(value)
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text)} characters)"


def _matched(matcher: Mapping[str, Any], actual: Any, where: str) -> str:
    for name, argument in matcher.items():
        if name not in MATCHERS:
            raise UsageError("E916", "the corpus has an unknown matcher", got=name, expected=", ".join(MATCHERS))
        try:
            fits = actual is not ABSENT and MATCHERS[name](argument, actual)
        except (TypeError, ValueError, re.error) as error:
            raise UsageError("E916", f"a matcher of the corpus is malformed: {error}", got=repr(matcher)) from None
        if not fits:
            return f"{where}: expected {name} {shown(argument)}, got {shown(actual)}"
    return ""


def _objects(expected: Mapping[str, Any], actual: Mapping[str, Any], where: str) -> str:
    found = subset_difference(expected, actual, where)
    extra = [key for key in actual if key not in expected]
    return found or (f"{where}.{extra[0]}: expected no value, got {shown(actual[extra[0]])}" if extra else "")


def _lists(expected: list[Any], actual: Any, where: str) -> str:
    if len(expected) != len(actual):
        return f"{where}: expected {len(expected)} items, got {len(actual)}: {shown(actual)}"
    items = zip(expected, actual, strict=True)
    found = (difference(wanted, item, f"{where}[{index}]") for index, (wanted, item) in enumerate(items))
    return next((text for text in found if text), "")


def _equal(expected: Any, actual: Any) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool):
        return isinstance(expected, bool) and isinstance(actual, bool) and expected == actual
    if isinstance(expected, int):
        return isinstance(actual, int) and expected == actual
    if isinstance(expected, float):
        return isinstance(actual, (int, float)) and expected == actual
    return type(expected) is type(actual) and bool(expected == actual)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _one_of(choices: Any, actual: Any) -> bool:
    return any(not difference(choice, actual, "") for choice in choices)


def _range(bounds: Any, actual: Any) -> bool:
    low, high = bounds
    return _is_number(actual) and bool(low <= actual <= high)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, (list, tuple)),
}


def _type(name: Any, actual: Any) -> bool:
    if name not in _TYPES:
        raise ValueError(f"no type {name!r}")
    return _TYPES[name](actual)


def repeated(argument: Any) -> str:
    """The text behind `{"$repeat": [text, count]}`.

    Raises:
        ValueError, TypeError: the argument is not of that form.
    """
    text, count = argument
    if not isinstance(text, str) or not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ValueError("$repeat takes [text, count]")
    return text * count


MATCHERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$one_of": _one_of,
    "$range": _range,
    "$type": _type,
    "$regex": lambda pattern, actual: isinstance(actual, str) and re.search(pattern, actual) is not None,
    "$starts_with": lambda start, actual: isinstance(actual, str) and actual.startswith(start),
    "$length": lambda length, actual: hasattr(actual, "__len__") and _equal(length, len(actual)),
    "$line_count": lambda count, actual: isinstance(actual, str) and _equal(count, len(actual.splitlines())),
    "$sha256": lambda digest, actual: isinstance(actual, str) and hashlib.sha256(actual.encode()).hexdigest() == digest,
    "$repeat": lambda argument, actual: _equal(repeated(argument), actual),
}
"""Each matcher: its argument and a value that is there, to whether it holds."""
