"""Comparison of parsed values: exact ones, and matchers, which are objects whose keys start with `$`.

An integer must be an integer (1, not 1.0, "1" or true), a float is compared by value; the order of keys does not
matter, that of lists does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ABSENT = object()
"""Stands for a value that is not there."""


def difference(expected: Any, actual: Any, where: str) -> str:
    """The first difference between a value and what was expected of it; "" when there is none.

    Args:
        expected: a JSON value of the right form (see `case_form`); objects with `$` keys in it are matchers.
        actual: a JSON value, or ABSENT.
        where: name of the value, for the message.

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
    """Whether an expected value is a matcher."""
    return isinstance(value, Mapping) and bool(value) and all(key in MATCHERS for key in value)


def shown(value: Any) -> str:
    """A value in a message."""
    text = "no value" if value is ABSENT else repr(value)
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text)} characters)"


def _matched(matcher: Mapping[str, Any], actual: Any, where: str) -> str:
    for name, argument in matcher.items():
        if actual is ABSENT or not MATCHERS[name].holds(argument, actual):
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


def repeated(argument: Any) -> str:
    """The text behind `{"$repeat": [text, count]}`."""
    text, count = argument
    return str(text * count)


@dataclass(frozen=True, slots=True)
class Matcher:
    """One matcher.

    Attributes:
        holds: its argument and a value that is there, to whether it holds.
        takes: whether something can be its argument.
        argument: what can, in words.
    """

    holds: Callable[[Any, Any], bool]
    takes: Callable[[Any], bool]
    argument: str


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (TypeError, re.error):
        return False
    return isinstance(value, str)


def _is_pair(first: Callable[[Any], bool], second: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and len(value) == 2 and first(value[0]) and second(value[1])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


MATCHERS: Mapping[str, Matcher] = {
    "$one_of": Matcher(_one_of, lambda value: isinstance(value, list), "a list of values"),
    "$range": Matcher(_range, _is_pair(_is_number, _is_number), "[low, high]"),
    "$type": Matcher(
        lambda name, actual: _TYPES[name](actual), lambda value: value in tuple(_TYPES), f"one of {', '.join(_TYPES)}"
    ),
    "$regex": Matcher(
        lambda pattern, actual: isinstance(actual, str) and re.search(pattern, actual) is not None,
        _is_pattern,
        "a regular expression",
    ),
    "$starts_with": Matcher(
        lambda start, actual: isinstance(actual, str) and actual.startswith(start), _is_text, "a text"
    ),
    "$length": Matcher(
        lambda length, actual: isinstance(actual, (str, list, tuple, Mapping)) and len(actual) == length,
        _is_count,
        "a number of characters or items",
    ),
    "$line_count": Matcher(
        lambda count, actual: isinstance(actual, str) and len(actual.splitlines()) == count,
        _is_count,
        "a number of lines",
    ),
    "$sha256": Matcher(
        lambda digest, actual: isinstance(actual, str) and _digest(actual) == digest,
        lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None,
        "64 hexadecimal digits",
    ),
    "$repeat": Matcher(
        lambda argument, actual: _equal(repeated(argument), actual), _is_pair(_is_text, _is_count), "[text, count]"
    ),
}
"""Each matcher by its name."""
