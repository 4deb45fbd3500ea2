"""What may stand at a place: a structural schema, in the form that the checker walks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

QUANTITY: Final = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))"
    r"(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
"""The pattern that Kubernetes gives every quantity."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A CEL rule of a definition."""

    text: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """One node of a structural schema.

    Attributes:
        kinds: JSON types that may stand here ("string", "integer", "number", "boolean", "array", "object"); none: any.
        nullable: whether null may.
        fields: the fields of an object.
        required: those that must be given.
        others: what further keys hold; None where there may be none.
        items: what the elements of a list are; None for anything.
        is_open: whether unknown fields pass.
        choices: the only values, where there is a list of them.
        pattern: a regular expression that a text must match; "" for none.
        least: smallest number. most: largest.
        length: smallest and largest length of a text. count: of a list.
        rules: CEL rules about the value.
    """

    kinds: frozenset[str] = frozenset()
    nullable: bool = False
    fields: Mapping[str, Shape] = field(default_factory=lambda: MappingProxyType({}))
    required: frozenset[str] = frozenset()
    others: Shape | None = None
    items: Shape | None = None
    is_open: bool = False
    choices: tuple[Any, ...] = ()
    pattern: str = ""
    least: float | None = None
    most: float | None = None
    length: tuple[int, int | None] = (0, None)
    count: tuple[int, int | None] = (0, None)
    rules: tuple[Rule, ...] = ()


ANYTHING: Final = Shape(is_open=True)
