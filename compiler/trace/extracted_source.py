"""What extraction gives: a text, and what it imports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExtractedSource:
    """Text that defines a function, and the modules that it imports.

    Attributes:
        text: the source.
        imports: dotted names of the imported modules, nested imports included.
    """

    text: str
    imports: tuple[str, ...]
