"""The part of CSS that `notebook.css` needs: rules whose selectors are tags and classes below one another."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_STEP = re.compile(r"\s*(>)?\s*([^\s>]+)")

Element = tuple[str, frozenset[str]]
"""Tag and classes."""


@dataclass(frozen=True, slots=True)
class StyleRule:
    """One selector with its declarations.

    Attributes:
        number: place in the sheet; a later rule wins.
        steps: from the element outwards: tag ("" for any), classes, and whether the next one must be its parent.
        declarations: property and value.
    """

    number: int
    steps: tuple[tuple[str, frozenset[str], bool], ...]
    declarations: tuple[tuple[str, str], ...]

    def matches(self, elements: Sequence[Element]) -> bool:
        """Whether the last of `elements`, which lie inside one another, is meant."""
        return self._matches(elements, len(elements) - 1, 0)

    def _matches(self, elements: Sequence[Element], place: int, step: int) -> bool:
        tag, classes, wants_parent = self.steps[step]
        if place < 0 or (tag and tag != elements[place][0]) or not classes <= elements[place][1]:
            return False
        if step + 1 == len(self.steps):
            return True
        last = place - 2 if wants_parent else -1
        return any(self._matches(elements, outer, step + 1) for outer in range(place - 1, max(last, -1), -1))


@functools.lru_cache(maxsize=1)
def style_rules() -> Mapping[str, tuple[StyleRule, ...]]:
    """The rules by the tag or one of the classes of the element that they are for."""
    sheet = resources.files("milonga.reporting.notebook").joinpath("notebook.css").read_text(encoding="utf-8")
    found: dict[str, list[StyleRule]] = {}
    rules = _RULE.findall(_COMMENT.sub("", sheet))
    for number, (selectors, body) in enumerate(rules):
        declarations = tuple(_declarations(body))
        for selector in selectors.split(","):
            rule = StyleRule(number, _steps(selector), declarations)
            tag, classes, _ = rule.steps[0]
            found.setdefault(min(classes, default=tag), []).append(rule)
    return {key: tuple(items) for key, items in found.items()}


def _declarations(body: str) -> list[tuple[str, str]]:
    pairs = (item.partition(":") for item in body.split(";") if item.strip())
    return [(name.strip(), " ".join(value.split())) for name, _, value in pairs]


def _steps(selector: str) -> tuple[tuple[str, frozenset[str], bool], ...]:
    steps: list[tuple[str, frozenset[str], bool]] = []
    for child, compound in _STEP.findall(selector):
        tag, *classes = compound.split(".")
        steps.append((tag, frozenset(classes), bool(child)))
    return tuple(reversed(steps))


def declared(text: str) -> list[tuple[str, str]]:
    """The declarations of a `style` attribute."""
    return _declarations(text)
