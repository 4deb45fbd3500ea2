"""A graph, ready to be run, with what is known about where it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.compiler.graph import Graph
from milonga.dsl.signature import Signature


@dataclass(frozen=True, slots=True)
class Runnable:
    """A graph and the live functions behind it, if it was traced in this process.

    Attributes:
        graph: what to run.
        functions: executor label → the author's function.
        source: how the user named it.
        signature: its inputs with Python types, where they are known; the graph does not carry the values of a Literal.
    """

    graph: Graph
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    source: str = ""
    signature: Signature | None = None
