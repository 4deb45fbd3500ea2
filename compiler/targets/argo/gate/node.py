"""A value of a document together with where it stands; strange values read as absent ones, since shapes report them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from milonga.compiler.targets.argo.gate.document import Document

Step = str | int


def _is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    """Asked for everything in a document; the abstract class is slow to answer for what is no mapping."""
    return isinstance(value, dict) or (
        not isinstance(value, (str, list, int, float, type(None))) and isinstance(value, Mapping)
    )


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a document.

    Attributes:
        document: the document.
        steps: keys and indices from its root.
        value: what stands there; None where nothing does.
    """

    document: Document
    steps: tuple[Step, ...]
    value: Any

    def at(self, *steps: Step) -> Node:
        """The place that many steps below this one."""
        value = self.value
        for step in steps:
            if _is_mapping(value):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                value = None
        return Node(self.document, (*self.steps, *steps), value)

    @property
    def mapping(self) -> Mapping[Any, Any]:
        """The value where it is a mapping, else an empty one."""
        return self.value if _is_mapping(self.value) else {}

    @property
    def text(self) -> str:
        """The value where it is text, else "" """
        return self.value if isinstance(self.value, str) else ""

    @property
    def name(self) -> str:
        """The text of the field `name`."""
        return self.at("name").text

    def has(self, *keys: str) -> bool:
        """Whether one of these fields is given, and not null."""
        return any(self.mapping.get(key) is not None for key in keys)

    def elements(self) -> Iterator[Node]:
        """The elements of a list."""
        if isinstance(self.value, list):
            for index in range(len(self.value)):
                yield self.at(index)

    def entries(self) -> Iterator[Node]:
        """The mappings in a list."""
        return (element for element in self.elements() if _is_mapping(element.value))

    def children(self) -> Iterator[Node]:
        """What stands right below a list or a mapping with keys of text."""
        yield from self.elements()
        for key in self.mapping:
            if isinstance(key, str):
                yield self.at(key)

    def texts(self) -> Iterator[Node]:
        """Every text at or below this place, without recursion."""
        waiting: list[Node] = [self]
        while waiting:
            node = waiting.pop()
            if isinstance(node.value, str):
                yield node
            else:
                waiting.extend(reversed(list(node.children())))
