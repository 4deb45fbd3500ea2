"""Where a loop takes its items from."""

from __future__ import annotations

import json
from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node

_SOURCES = ("withItems", "withParam", "withSequence")


def loops_have_one_source(bundle: Bundle) -> Iterator[Fault]:
    """A loop has one source of items; a sequence has a count or an end; a list of items is a list."""
    for call in bundle.calls():
        given = [source for source in _SOURCES if call.caller.has(source)]
        if len(given) > 1:
            yield Fault(
                "E352", "a loop takes its items from several places", call.caller, got=", ".join(given), expected="one"
            )
        sequence = call.caller.at("withSequence")
        ends = [end for end in ("count", "end") if sequence.has(end)]
        if call.caller.has("withSequence") and len(ends) != 1:
            got = " and ".join(ends) or "neither"
            yield Fault("E352", "a sequence needs a count or an end, and not both", sequence, got=got, expected="count")
        yield from _items(call.caller.at("withParam"))


def _items(node: Node) -> Iterator[Fault]:
    if not node.text or "{{" in node.text:
        return
    try:
        is_list = isinstance(json.loads(node.text), list)
    except (ValueError, RecursionError):
        is_list = False
    if not is_list:
        yield Fault("E352", "the items of a loop are no JSON list", node, got=node.text, expected='such as ["a", "b"]')
