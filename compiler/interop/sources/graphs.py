"""Graphs, and pipelines that were traced already."""

from __future__ import annotations

import functools
from typing import Any

from milonga.compiler.graph import Graph
from milonga.compiler.interop.sources.base import Source
from milonga.compiler.trace import TracedPipeline


class GraphSource:
    """What is ready."""

    def matches(self, target: object) -> bool:
        """Whether it is a graph or holds one."""
        return isinstance(target, (Graph, TracedPipeline))

    def load(self, target: Any) -> Source:
        """The graph."""
        return _source_of(target)


@functools.singledispatch
def _source_of(target: Any) -> Source:
    raise AssertionError("matched")


@_source_of.register
def _(target: Graph) -> Source:
    return Source(target, description=target.specification.pipeline_info.description or "")


@_source_of.register
def _(target: TracedPipeline) -> Source:
    return Source(target.graph, functions=target.functions, signature=target.signature)
