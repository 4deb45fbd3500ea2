"""Fragments of the report's page, made fit for a notebook: each element carries its own style.

The drawings are the same as on the page; there their looks come from style sheets by class. In a notebook a style
sheet would reach other people's cells and is often stripped, so here every element gets what `notebook.css` says about
it as its `style`, and classes, ids, data attributes and style elements go. Works on the markup that this package
writes (quoted attributes, everything else escaped), not on HTML from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from milonga.reporting.notebook.style_rules import Element, StyleRule, declared, style_rules

_STYLE_ELEMENT = re.compile(r"<style>.*?</style>", re.DOTALL)
_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z][\w-]*)(?P<attributes>(?:\s+[\w:-]+(?:=\"[^\"]*\")?)*)\s*(?P<end>/?)>"
)
_ATTRIBUTE = re.compile(r"([\w:-]+)(?:=\"([^\"]*)\")?")
_VARIABLE = re.compile(r"var\((--[\w-]+)\)")
_VOID = frozenset({"br", "hr", "img", "input"})
_DROPPED = frozenset({"class", "id", "style"})


class _Inliner:
    """One pass over one fragment: the open elements, and the variables that each of them sees."""

    def __init__(self) -> None:
        self._rules: Mapping[str, tuple[StyleRule, ...]] = style_rules()
        self._elements: list[Element] = []
        self._variables: list[Mapping[str, str]] = [{}]

    def rewrite(self, match: re.Match[str]) -> str:
        """The tag with its style."""
        name = match["name"]
        if match["close"]:
            self._elements.pop()
            self._variables.pop()
            return match.group()
        attributes = dict(_ATTRIBUTE.findall(match["attributes"]))
        self._elements.append((name, frozenset(attributes.get("class", "").split())))
        variables, style = self._style(attributes.get("style", ""))
        kept = "".join(f' {key}="{value}"' for key, value in _kept(attributes))
        text = f"<{name}{kept}{f' style={chr(34)}{style}{chr(34)}' if style else ''}{match['end']}>"
        if match["end"] or name in _VOID:
            self._elements.pop()
        else:
            self._variables.append(variables)
        return text

    def _style(self, own: str) -> tuple[Mapping[str, str], str]:
        """The variables that the element defines or inherits, and its declarations as text."""
        tag, classes = self._elements[-1]
        candidates = {rule for key in (tag, *classes) for rule in self._rules.get(key, ())}
        matching = [rule for rule in candidates if rule.matches(self._elements)]
        chosen: dict[str, str] = {}
        for rule in sorted(matching, key=lambda rule: rule.number):
            chosen.update(rule.declarations)
        chosen.update(declared(own))
        defined = {name: value for name, value in chosen.items() if name.startswith("--")}
        variables = {**self._variables[-1], **defined} if defined else self._variables[-1]
        shown = {
            name: _VARIABLE.sub(lambda found: variables.get(found[1], ""), value) for name, value in chosen.items()
        }
        return variables, ";".join(f"{name}:{value}" for name, value in shown.items() if name not in defined)


def _kept(attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in attributes.items():
        if name not in _DROPPED and not name.startswith("data-"):
            yield name, value


def inlined(fragment: str) -> str:
    """The fragment with styles in place of classes; the same for the same fragment."""
    return _TAG.sub(_Inliner().rewrite, _STYLE_ELEMENT.sub("", fragment))


def framed(*parts: str) -> str:
    """A whole output of a cell."""
    return inlined(f'<div class="mlg">{"".join(parts)}</div>')
