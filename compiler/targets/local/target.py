"""The target `local`."""

from __future__ import annotations

from milonga.compiler.graph import Graph
from milonga.compiler.targets.base import Target
from milonga.compiler.targets.kfp.target import KfpTarget
from milonga.compiler.targets.local.table import TABLE


class LocalTarget(Target):
    """Writes what `milonga run` reads, which is KFP's IR."""

    name = "local"
    title = "milonga on one machine"
    versions = ("0",)
    table = TABLE

    def emit(self, graph: Graph) -> str:
        """The same text as target kfp's: the engine runs any IR file."""
        return KfpTarget().emit(graph)
