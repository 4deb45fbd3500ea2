"""Files that hold a pipeline or a component: IR, component YAML, manifests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from milonga.compiler.interop.pipeline_files import read_graph
from milonga.compiler.interop.sources.base import Source


class PipelineFileSource:
    """Any file that is no Python."""

    def matches(self, target: object) -> bool:
        """Whether there is such a file."""
        return isinstance(target, (str, Path)) and _is_file(target) and Path(target).suffix != ".py"

    def load(self, target: Any) -> Source:
        """Read it.

        Raises:
            InvalidPipeline: E200-E206, it is no pipeline.
            AuthoringError: E176, a component file that breaks a rule of its format.
        """
        graph = read_graph(Path(target))
        return Source(graph, str(target), description=graph.specification.pipeline_info.description or "")


def _is_file(target: str | Path) -> bool:
    try:
        return Path(target).is_file()
    except (OSError, ValueError):  # a name that is too long, or holds a zero byte
        return False
