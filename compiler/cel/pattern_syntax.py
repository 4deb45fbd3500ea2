"""From the text of a regular expression, RE2's syntax, to its tree."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, replace
from typing import Final

from milonga.compiler.cel.pattern_tree import (
    DIGIT,
    SPACE,
    WORD,
    Alternatives,
    CharacterSet,
    Edge,
    PatternNode,
    Range,
    Repeat,
    Sequence,
)
from milonga.compiler.cel.values import EvaluationError, shown

LENGTH_MAX: Final = 1000
NESTING_MAX: Final = 50
REPEAT_MAX: Final = 1000  # as in RE2

_CLASSES: Final = {"d": DIGIT, "w": WORD, "s": SPACE}
_CONTROLS: Final = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_LAST: Final = "\U0010ffff"

_COUNT: Final = re.compile(r"\{([0-9]{1,9})(?:(,)([0-9]{0,9}))?\}")
_GROUP: Final = re.compile(r"\?(?:P?<[A-Za-z0-9_]+>|(?P<on>[ims]*)(?:-(?P<off>[ims]+))?(?P<end>[:)]))")
_HEXADECIMAL: Final = re.compile(r"x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})")


@dataclass(frozen=True, slots=True)
class _Flags:
    i: bool = False
    m: bool = False
    s: bool = False


def parse_pattern(pattern: str) -> PatternNode:
    """The tree of a pattern.

    Raises:
        EvaluationError: not a pattern, or one outside of the supported subset.
    """
    if len(pattern) > LENGTH_MAX:
        raise EvaluationError(f"the pattern of matches() has more than {LENGTH_MAX} characters")
    parser = _PatternParser(pattern)
    node, _ = parser.alternatives(_Flags())
    if parser.position < len(pattern):
        raise parser.error("')' without '('")
    return node


class _PatternParser:
    """The state of one parse."""

    __slots__ = ("nesting", "pattern", "position")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        self.nesting = 0

    def error(self, message: str) -> EvaluationError:
        return EvaluationError(
            f"the pattern {shown(self.pattern)} of matches(): {message} at character {self.position + 1}",
            "patterns have RE2's syntax, without Unicode classes and back references",
        )

    def _peek(self) -> str:
        return self.pattern[self.position : self.position + 1]

    def _take(self, text: str) -> bool:
        if self.pattern.startswith(text, self.position):
            self.position += len(text)
            return True
        return False

    def alternatives(self, flags: _Flags) -> tuple[PatternNode, _Flags]:
        choices: list[PatternNode] = []
        while True:
            node, flags = self._sequence(flags)
            choices.append(node)
            if not self._take("|"):
                return (choices[0] if len(choices) == 1 else Alternatives(tuple(choices))), flags

    def _sequence(self, flags: _Flags) -> tuple[PatternNode, _Flags]:
        parts: list[PatternNode] = []
        while self._peek() not in ("", "|", ")"):
            if self._take("("):
                node, flags = self._group(flags)
                if node is None:
                    continue
            else:
                node = self._atom(flags)
            parts.append(self._repeated(node))
        return Sequence(tuple(parts)), flags

    def _repeated(self, node: PatternNode) -> PatternNode:
        times = 0
        while (bounds := self._bounds()) is not None:
            times += 1
            if times > 1:
                raise self.error("one repetition right behind another")
            node = Repeat(node, *bounds)
            self._take("?")
        return node

    def _bounds(self) -> tuple[int, int | None] | None:
        for operator, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(operator):
                return bounds
        found = _COUNT.match(self.pattern, self.position)
        if not found:
            return None
        least = int(found[1])
        most = least if not found[2] else (int(found[3]) if found[3] else None)
        if least > REPEAT_MAX or (most is not None and (most > REPEAT_MAX or most < least)):
            raise self.error(f"no repetition count (at most {REPEAT_MAX})")
        self.position = found.end()
        return least, most

    def _group(self, flags: _Flags) -> tuple[PatternNode | None, _Flags]:
        """What follows '('; no node for `(?flags)`, which changes the rest of the group around it."""
        inner = flags
        if self._peek() == "?":
            found = _GROUP.match(self.pattern, self.position)
            if not found:
                raise self.error("a kind of group that is not supported")
            self.position = found.end()
            inner = replace(flags, **dict.fromkeys(found["on"] or "", True) | dict.fromkeys(found["off"] or "", False))
            if found["end"] == ")":
                return None, inner
        self.nesting += 1
        if self.nesting > NESTING_MAX:
            raise self.error(f"more than {NESTING_MAX} groups in each other")
        node, _ = self.alternatives(inner)
        if not self._take(")"):
            raise self.error("'(' without ')'")
        self.nesting -= 1
        return node, flags

    def _atom(self, flags: _Flags) -> PatternNode:
        character = self._peek()
        if character in "*+?" or _COUNT.match(self.pattern, self.position):
            raise self.error("nothing to repeat")
        if character == "[":
            return self._bracket(flags)
        if character == "\\":
            if self.pattern[self.position + 1 : self.position + 2] in ("A", "z", "b", "B"):
                self.position += 2
                return Edge(self.pattern[self.position - 1])
            return replace(self._escape(), fold=flags.i)
        self.position += 1
        if character == ".":
            return CharacterSet(() if flags.s else (("\n", "\n"),), negated=True)
        if character == "^":
            return Edge("^" if flags.m else "A")
        if character == "$":
            return Edge("$" if flags.m else "z")
        return CharacterSet(((character, character),), fold=flags.i)

    def _escape(self) -> CharacterSet:
        self.position += 1
        character = self._peek()
        if character.lower() in _CLASSES:
            self.position += 1
            return CharacterSet(_CLASSES[character.lower()], negated=character.isupper())
        if found := _HEXADECIMAL.match(self.pattern, self.position):
            code = int(found[1] or found[2], 16)
            if code > 0x10FFFF:
                raise self.error("no character")
            self.position = found.end()
            return CharacterSet(((chr(code), chr(code)),))
        if character in _CONTROLS or (character and character in string.punctuation):
            self.position += 1
            character = _CONTROLS.get(character, character)
            return CharacterSet(((character, character),))
        raise self.error("an escape that is not supported")

    def _bracket(self, flags: _Flags) -> CharacterSet:
        self.position += 1
        negated = self._take("^")
        ranges: list[Range] = []
        first = True
        while first or not self._take("]"):
            first = False
            if self._peek() == "":
                raise self.error("'[' without ']'")
            if self.pattern.startswith(("[:", "[.", "[="), self.position):
                raise self.error("a named class is not supported")
            members = self._bracket_member()
            if (
                len(members) == 1
                and members[0][0] == members[0][1]
                and self._peek() == "-"
                and (self.pattern[self.position + 1 : self.position + 2] not in ("", "]"))
            ):
                self.position += 1
                upper = self._bracket_member()
                if len(upper) != 1 or upper[0][0] != upper[0][1] or upper[0][0] < members[0][0]:
                    raise self.error("no range of characters")
                members = ((members[0][0], upper[0][0]),)
            ranges += members
        return CharacterSet(tuple(ranges), negated=negated, fold=flags.i)

    def _bracket_member(self) -> tuple[Range, ...]:
        if self._peek() != "\\":
            self.position += 1
            character = self.pattern[self.position - 1]
            return ((character, character),)
        found = self._escape()
        return _complement(found.ranges) if found.negated else found.ranges


def _complement(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    """Every character outside of the ranges, which are in order and apart."""
    lows = ["\0", *(chr(ord(high) + 1) for _, high in ranges)]
    highs = [*(chr(ord(low) - 1) for low, _ in ranges), _LAST]
    return tuple(zip(lows, highs, strict=True))
