"""What a template is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault

KINDS: Final = (
    "container",
    "script",
    "dag",
    "steps",
    "resource",
    "suspend",
    "containerSet",
    "data",
    "http",
    "plugin",
)


def templates_are_of_one_kind(bundle: Bundle) -> Iterator[Fault]:
    """A template is a container, a DAG or one of the other kinds, and not two of them."""
    for template in bundle.templates():
        kinds = [kind for kind in KINDS if template.has(kind)]
        if len(kinds) != 1:
            got = ", ".join(kinds) or "none of them"
            yield Fault(
                "E351",
                "a template is of no kind, or of several",
                template,
                got=got,
                expected="one of container, dag, steps, ...",
            )
