"""Tags that can be read at all."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node
from milonga.compiler.targets.argo.gate.tags.expression import read_expression
from milonga.compiler.targets.argo.gate.tags.reference import BARE_EXPRESSIONS
from milonga.compiler.targets.argo.gate.tags.tag import tags_in

_HINT = r"a tag ends at the first `}}`, in a text as well: write \x7d\x7d there"


def tags_are_well_formed(bundle: Bundle) -> Iterator[Fault]:
    """Every `{{` has its `}}`, no tag stands in another, and what follows `{{=` is an expression."""
    for spec in bundle.specs():
        for node in spec.texts():
            if "{{" in node.text:
                yield from _tags(node)
            elif node.steps[-1] in BARE_EXPRESSIONS and node.text:
                yield from _expression(node, node.text, node.text)


def _tags(node: Node) -> Iterator[Fault]:
    for tag in tags_in(node.text):
        if not tag.is_closed:
            yield Fault("E330", "a `{{` has no `}}`", node, got=tag.shown, hint=r"data is written \u007b\u007b in JSON")
        elif tag.is_expression:
            yield from _expression(node, tag.content, tag.shown)
        elif "{{" in tag.content:
            yield Fault(
                "E330", "a tag stands in another tag", node, got=tag.shown, hint="write one expression: {{=...}}"
            )


def _expression(node: Node, text: str, shown: str) -> Iterator[Fault]:
    problem = read_expression(text).problem
    if problem:
        yield Fault("E330", f"an expression cannot be read: {problem}", node, got=shown, hint=_HINT)
