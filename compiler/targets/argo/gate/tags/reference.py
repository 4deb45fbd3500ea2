"""References in the texts of a document, plain and in expressions, in one form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from milonga.compiler.targets.argo.gate.node import Node
from milonga.compiler.targets.argo.gate.tags.expression import Expression, read_expression
from milonga.compiler.targets.argo.gate.tags.tag import Tag, tags_in

BARE_EXPRESSIONS = frozenset(("expression", "fromExpression"))
"""Fields whose whole text is an expression."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One thing that a text asks for.

    Attributes:
        node: the text.
        path: ("tasks", "a", "outputs", "parameters", "v").
        shown: as its author wrote it.
        expression: the expression that it stands in; None for a plain tag.
        is_call: whether it is called.
    """

    node: Node
    path: tuple[str, ...]
    shown: str
    expression: Expression | None = None
    is_call: bool = False


def references_in(node: Node) -> Iterator[Reference]:
    """The references of all texts at or below a place."""
    for text in node.texts():
        if "{{" in text.text:
            for tag in tags_in(text.text):
                yield from _of_tag(text, tag)
        elif text.steps and text.steps[-1] in BARE_EXPRESSIONS:
            yield from _of_expression(text, text.text, text.text)


def _of_tag(node: Node, tag: Tag) -> Iterator[Reference]:
    if tag.is_expression:
        yield from _of_expression(node, tag.content, tag.shown)
    elif tag.is_closed:
        yield Reference(node, split_plain(tag.content), tag.shown)


def _of_expression(node: Node, text: str, shown: str) -> Iterator[Reference]:
    expression = read_expression(text)
    for member in expression.members:
        yield Reference(node, member.path, shown, expression, member.is_call)


def split_plain(content: str) -> tuple[str, ...]:
    """The parts of a plain reference; the name of an output may hold dots only at its end."""
    head, *rest = content.split(".")
    return (head, *rest)
