"""The contract of a pass: Graph in, Graph out, the same meaning.

A pass is stateless and pure. It rewrites each use of the constructs that it cures, as far as it can, and leaves
everything else as it is, equal objects included; a graph without those constructs comes back as the same object.
Running a pass twice gives what running it once gives. Task names stay where other tasks or a reader name them.
"""

from __future__ import annotations

from typing import Protocol

from milonga.compiler.graph import Graph


class Pass(Protocol):
    """A rewrite."""

    @property
    def name(self) -> str:
        """What capability tables call it."""
        ...

    @property
    def cures(self) -> tuple[str, ...]:
        """Names of the constructs that are gone afterwards, where they could be rewritten."""
        ...

    def run(self, graph: Graph) -> Graph:
        """The rewritten graph."""
        ...
