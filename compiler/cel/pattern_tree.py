"""The tree of a regular expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

Range: TypeAlias = tuple[str, str]

DIGIT: Final[tuple[Range, ...]] = (("0", "9"),)
WORD: Final[tuple[Range, ...]] = (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z"))
SPACE: Final[tuple[Range, ...]] = (("\t", "\n"), ("\f", "\r"), (" ", " "))


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """One character out of inclusive ranges, or out of everything else."""

    ranges: tuple[Range, ...]
    negated: bool = False
    fold: bool = False

    def contains(self, character: str) -> bool:
        """Whether this set takes `character`."""
        forms = (character, character.lower(), character.upper()) if self.fold else (character,)
        found = any(low <= form <= high for form in forms if len(form) == 1 for low, high in self.ranges)
        return found != self.negated


@dataclass(frozen=True, slots=True)
class Edge:
    r"""A place between two characters: `A` and `z` for the ends of the text, `^` and `$` of a line, `b` and `B`."""

    kind: str

    def holds(self, text: str, position: int) -> bool:
        """Whether the place before `text[position]` is such an edge."""
        before, after = text[position - 1 : position] if position else "", text[position : position + 1]
        if self.kind in "A^":
            return not before or (self.kind == "^" and before == "\n")
        if self.kind in "z$":
            return not after or (self.kind == "$" and after == "\n")
        return (_is_word(before) != _is_word(after)) == (self.kind == "b")


@dataclass(frozen=True, slots=True)
class Sequence:
    """One part after the other."""

    parts: tuple[PatternNode, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Any of the choices."""

    choices: tuple[PatternNode, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part at least `least` and at most `most` times; None is without limit."""

    part: PatternNode
    least: int
    most: int | None


PatternNode: TypeAlias = CharacterSet | Edge | Sequence | Alternatives | Repeat


def _is_word(character: str) -> bool:
    return bool(character) and any(low <= character <= high for low, high in WORD)
