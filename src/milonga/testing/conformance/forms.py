"""Forms: what a JSON value of a corpus has to look like.

A form is a function of a value and its place that raises `Misformed`; the functions here make forms of forms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from milonga.testing.conformance.matchers import MATCHERS

Form = Callable[[Any, str], None]


class Misformed(ValueError):
    """Something that the corpus says has no meaning.

    Attributes:
        place: names and indexes from the case on.
        expected: what would have had one.
    """

    def __init__(self, message: str, place: str, got: Any, expected: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.got = got
        self.expected = expected


def instance_of(kind: type | tuple[type, ...], name: str) -> Form:
    """A value of one Python type; a bool is no integer."""

    def form(value: Any, place: str) -> None:
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise Misformed(f"it must be {name}", place, value)

    return form


def each(item: Form) -> Form:
    """A list of such items."""

    def form(value: Any, place: str) -> None:
        if not isinstance(value, list):
            raise Misformed("it must be a list", place, value)
        for index, element in enumerate(value):
            item(element, f"{place}[{index}]")

    return form


def by_name(item: Form) -> Form:
    """An object of names, each with such a value."""

    def form(value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise Misformed("it must be an object", place, value)
        for name, element in value.items():
            if name in MATCHERS:
                raise Misformed("a matcher stands for a value, not for an object of names", place, name)
            item(element, f"{place}.{name}")

    return form


def record(required: Mapping[str, Form], optional: Mapping[str, Form]) -> Form:
    """An object with these keys and no others."""
    known = {**required, **optional}

    def form(value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise Misformed("it must be an object", place, value)
        for key in value:
            if key not in known:
                raise Misformed("a key that has no meaning", f"{place}.{key}", key, ", ".join(sorted(known)))
        for key in required:
            if key not in value:
                raise Misformed(f"it has no '{key}'", place, value, ", ".join(required))
        for key, element in value.items():
            known[key](element, f"{place}.{key}")

    return form


def anything(value: Any, place: str) -> None:
    """Whatever it is."""


TEXT = instance_of(str, "a text")
INTEGER = instance_of(int, "an integer")
