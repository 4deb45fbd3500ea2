"""Numbers of a retry strategy that are whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node

_WHOLE = re.compile(r"[+-]?[0-9]+")


def retries_are_whole_numbers(bundle: Bundle) -> Iterator[Fault]:
    """The limit of retries and the factor of their backoff are integers."""
    for template in bundle.templates():
        for steps in (("limit",), ("backoff", "factor")):
            node = template.at("retryStrategy", *steps)
            if _is_broken(node):
                yield Fault(
                    "E343", f"`{steps[-1]}` is no whole number", node, got=str(node.value), expected="such as 2"
                )


def _is_broken(node: Node) -> bool:
    value = node.value
    if isinstance(value, str):
        return "{{" not in value and not _WHOLE.fullmatch(value)
    return isinstance(value, float)
