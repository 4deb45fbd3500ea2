"""Pipelines and components of kfp, as objects."""

from __future__ import annotations

from typing import Any

from milonga.compiler.interop.kfp_objects import graph_of_kfp, input_order, is_kfp_component
from milonga.compiler.interop.signatures import signature_of_border
from milonga.compiler.interop.sources.base import Source


class KfpObjectSource:
    """What kfp's decorators and loaders make."""

    def matches(self, target: object) -> bool:
        """Whether it is a component of kfp, which every pipeline of kfp is too."""
        return is_kfp_component(target)

    def load(self, target: Any) -> Source:
        """Let kfp compile it.

        Raises:
            AuthoringError: E170, kfp refuses.
        """
        graph = graph_of_kfp(target)
        signature = signature_of_border(graph.root, input_order(target))
        return Source(graph, signature=signature, description=target.description or "")
