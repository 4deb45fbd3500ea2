"""The contract of a compile target.

A target is stateless and shared. `findings` names everything that the target would drop, refuse or change; `emit` gives
the same text for the same graph, without times or paths. What may never change: nothing is downgraded silently.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph


class Target(Protocol):
    """A place that pipelines are compiled for."""

    name: str

    def findings(self, graph: Graph) -> Iterator[Diagnostic]:
        """What of `graph` this target cannot do, or does differently."""
        ...

    def emit(self, graph: Graph) -> str:
        """The file for this target."""
        ...
