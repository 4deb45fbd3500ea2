"""The target `vertex`."""

from __future__ import annotations

from milonga.compiler.documents import dump_graph
from milonga.compiler.graph import Graph
from milonga.compiler.targets.base import Target
from milonga.compiler.targets.kfp.target import header
from milonga.compiler.targets.vertex.limits import LIMITS
from milonga.compiler.targets.vertex.reduction import reduce
from milonga.compiler.targets.vertex.table import TABLE


class VertexTarget(Target):
    """Writes one document: Google's client reads the file with a loader of single documents."""

    name = "vertex"
    title = "Vertex AI Pipelines"
    versions = ("1",)
    table = TABLE
    limits = LIMITS

    def emit(self, graph: Graph) -> str:
        """One YAML document with the smallest set of fields."""
        return dump_graph(reduce(graph), header=header(graph))
