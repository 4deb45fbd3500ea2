"""What a value must look like, matcher by matcher: what fits, and what does not."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from milonga.testing.conformance.matchers import ABSENT, MATCHERS, difference
from milonga.testing.conformance.placeholders import filled

FITS: list[tuple[Any, Any]] = [
    (1, 1),
    (9007199254740993, 9007199254740993),
    (1.0, 1),
    (0.5, 0.5),
    ("a", "a"),
    (True, True),
    (None, None),
    ([1, "a", [2]], [1, "a", [2]]),
    ({"a": 1, "b": {"c": []}}, {"b": {"c": []}, "a": 1}),
    ({"a": {"$type": "integer"}}, {"a": 7}),
    ([{"$one_of": ["1", 1]}], [1]),
    ({"$one_of": [1, {"$starts_with": "x"}]}, "xyz"),
    ({"$range": [0, 1]}, 0),
    ({"$range": [0, 1]}, 1.0),
    ({"$type": "string"}, ""),
    ({"$type": "integer"}, 0),
    ({"$type": "number"}, 0.5),
    ({"$type": "number"}, 2),
    ({"$type": "boolean"}, False),
    ({"$type": "object"}, {}),
    ({"$type": "array"}, []),
    ({"$regex": "b+"}, "abbc"),
    ({"$starts_with": "ab"}, "abc"),
    ({"$length": 3}, "äöü"),
    ({"$length": 2}, [1, 2]),
    ({"$line_count": 2}, "a\nb\n"),
    ({"$line_count": 0}, ""),
    ({"$sha256": hashlib.sha256("ä".encode()).hexdigest()}, "ä"),
    ({"$repeat": ["ab", 3]}, "ababab"),
    ({"$length": 6, "$starts_with": "ab", "$regex": "b$"}, "ababab"),
    ({}, {}),
]

DIFFERS: list[tuple[Any, Any]] = [
    (1, 1.0),
    (1, "1"),
    (1, True),
    (9007199254740993, 9007199254740992),
    (0.5, "0.5"),
    (1.0, True),
    (True, 1),
    (False, 0),
    ("1", 1),
    (None, 0),
    (None, ABSENT),
    ("a", "b"),
    ([1, 2], [2, 1]),
    ([1], [1, 1]),
    ([], {}),
    ({"a": 1}, {"a": 1, "b": 2}),
    ({"a": 1, "b": 2}, {"a": 1}),
    ({"a": 1}, {"a": 1.0}),
    ({"$one_of": [1, 2]}, 3),
    ({"$one_of": [1]}, 1.0),
    ({"$one_of": []}, 1),
    ({"$range": [0, 1]}, 1.01),
    ({"$range": [0, 1]}, "1"),
    ({"$range": [0, 1]}, True),
    ({"$type": "integer"}, 1.0),
    ({"$type": "integer"}, True),
    ({"$type": "number"}, True),
    ({"$type": "number"}, "1"),
    ({"$type": "string"}, ABSENT),
    ({"$type": "object"}, []),
    ({"$type": "array"}, {}),
    ({"$type": "boolean"}, 0),
    ({"$regex": "^b"}, "ab"),
    ({"$regex": "1"}, 1),
    ({"$starts_with": "b"}, "ab"),
    ({"$length": 3}, "ab"),
    ({"$length": 3}, 3),
    ({"$line_count": 1}, "a\nb"),
    ({"$sha256": "0" * 64}, "a"),
    ({"$repeat": ["ab", 3]}, "abab"),
    ({"$length": 6, "$starts_with": "b"}, "ababab"),
]


@pytest.mark.parametrize(("expected", "actual"), FITS)
def test_it_fits(expected: Any, actual: Any) -> None:
    assert difference(expected, actual, "value") == ""


@pytest.mark.parametrize(("expected", "actual"), DIFFERS)
def test_it_differs_and_the_difference_says_where(expected: Any, actual: Any) -> None:
    assert difference(expected, actual, "value").startswith("value")


def test_every_matcher_is_shown_to_hold_and_to_fail() -> None:
    for table in (FITS, DIFFERS):
        used = {key for expected, _ in table if isinstance(expected, dict) for key in expected if key.startswith("$")}
        assert used == set(MATCHERS)


def test_the_first_difference_is_named_by_its_path() -> None:
    expected = {"a": [1, {"b": "x"}]}
    assert difference(expected, {"a": [1, {"b": "y"}]}, "out") == "out.a[1].b: expected 'x', got 'y'"


def test_placeholders_are_filled_in_keys_values_and_patterns(tmp_path: Path) -> None:
    folder = tmp_path / "a+b"
    value = {"${TMP}/x": ["${TMP}", 1], "text": {"$repeat": ["ab", 2]}, "pattern": {"$regex": "^${TMP}$"}}
    found = filled(value, folder)
    assert found[f"{folder}/x"] == [str(folder), 1]
    assert found["text"] == "abab"
    assert difference(found["pattern"], str(folder), "path") == ""
