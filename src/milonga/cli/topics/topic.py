"""One thing that can be explained, and the contract of those who explain it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Topic:
    """An explanation, ready to be printed.

    Attributes:
        text: for a terminal, ending in a newline.
        document: the same as a JSON object.
    """

    text: str
    document: Mapping[str, Any]


class TopicKind(Protocol):
    """Topics of one kind. Stateless; texts are read when they are asked for."""

    heading: str
    """What a list of them stands under; in JSON the key, in lower case and without spaces."""

    def titles(self) -> Mapping[str, str]:
        """A title for each name, in the order in which they are listed."""
        ...

    def find(self, name: str, *, width: int) -> Topic | None:
        """The topic of that name, in whatever case it is written; None when there is none."""
        ...
