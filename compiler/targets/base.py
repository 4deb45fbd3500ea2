"""The contract of a compile target.

A target is stateless, immutable and shared between threads. What may never change: `findings` names everything that
the target would drop, refuse or change; `lower` keeps the meaning of a pipeline; `emit` gives the same text for the
same graph, without times or paths, and leaves nothing out that `findings` does not name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from milonga.compiler.constructs import CONSTRUCTS, Construct, Occurrence
from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.passes import Pass
from milonga.compiler.scope import Rule, Scope
from milonga.compiler.targets.capability import CODES, VERBS, Capability, CapabilityTable, capability_at
from milonga.errors import UsageError


class Target(ABC):
    """A place that pipelines are compiled for.

    Attributes:
        name: what a user writes; a version may follow: "kfp@2.15".
        versions: versions of the target that its table knows, oldest first.
        table: what the target does with each construct.
        passes: rewrites that turn constructs into ones that work there, in this order.
        limits: rules about sizes and names that hold only there.
        takes_schemas: whether definitions of the system's objects can be given to `refusals`.
        shares_pods: whether tasks that are marked for it share a pod there.
        has_runtime_image: whether containers of milonga's own run there, with an image that can be chosen.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    versions: ClassVar[tuple[str, ...]]
    table: ClassVar[CapabilityTable]
    passes: ClassVar[tuple[Pass, ...]] = ()
    limits: ClassVar[tuple[Rule, ...]] = ()
    takes_schemas: ClassVar[bool] = False
    shares_pods: ClassVar[bool] = False
    has_runtime_image: ClassVar[bool] = False

    def __init__(self, version: str = "") -> None:
        """The target at one of its versions, by default the newest.

        Raises:
            UsageError: E950, a version that is not known.
        """
        if version and version not in self.versions:
            known = ", ".join(f"{self.name}@{known}" for known in self.versions)
            raise UsageError("E950", f"unknown version '{version}' of target '{self.name}'", expected=known)
        self.version = version or self.versions[-1]

    def capability(self, construct: str) -> Capability:
        """What this target does with a construct."""
        return capability_at(self.table[construct], self.version)

    def findings(self, graph: Graph) -> Iterator[Diagnostic]:
        """What of `graph` this target drops, refuses, fails on or does differently, each a warning."""
        relevant = [(construct, self.capability(name)) for name, construct in CONSTRUCTS.items()]
        relevant = [(construct, cell) for construct, cell in relevant if cell.verdict in CODES]
        for name, component in graph.dags():
            scope = Scope(graph, name, component)
            for construct, cell in relevant:
                for occurrence in construct.find(scope):
                    yield self._finding(scope, construct, cell, occurrence)
            for rule in self.limits:
                yield from rule(scope)

    def _finding(self, scope: Scope, construct: Construct, cell: Capability, occurrence: Occurrence) -> Diagnostic:
        note = f": {cell.note}" if cell.note else ""
        hint = cell.hint
        if cell.rewrite:
            hint = f"compile it with --lower, which writes it in a form that works{'; or ' + hint if hint else ''}"
        return scope.finding(
            CODES[cell.verdict],
            f"target {self.name} {VERBS[cell.verdict]} {construct.title}{note}",
            task=occurrence.task,
            severity="warning",
            got=occurrence.detail,
            hint=hint,
            construct=construct.name,
        )

    def with_own_images(self, graph: Graph) -> Graph:
        """`graph` with all images written down that `emit` would choose itself."""
        return graph

    def refusals(self, graph: Graph, schemas: Path | None = None) -> Iterator[Diagnostic]:
        """What keeps `emit` from writing a file, or the system from taking what it writes, each an error.

        Args:
            graph: the pipeline.
            schemas: definitions of the system's objects, for targets that take them (`takes_schemas`).

        Raises:
            UnsupportedByTarget: the definitions cannot be used.
        """
        yield from ()

    def lower(self, graph: Graph) -> Graph:
        """`graph` with constructs that do not work there written with ones that do, as far as that is possible."""
        return [graph, *(lowered for _, lowered in self.lowerings(graph))][-1]

    def lowerings(self, graph: Graph) -> Iterator[tuple[str, Graph]]:
        """The passes that `lower` changes `graph` with, each with the graph after it."""
        for rewrite in self.passes:
            if any(cell.rewrite == rewrite.name for cell in map(self.capability, rewrite.cures)):
                lowered = rewrite.run(graph)
                if lowered is not graph:
                    yield rewrite.name, lowered
                graph = lowered

    @abstractmethod
    def emit(self, graph: Graph) -> str:
        """The file for this target."""
