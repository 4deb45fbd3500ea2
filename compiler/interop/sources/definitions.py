"""Pipelines and components of milonga."""

from __future__ import annotations

from typing import Any

from milonga.compiler.interop.sources.base import Source
from milonga.compiler.trace import trace
from milonga.dsl.definition import Definition


class DefinitionSource:
    """What milonga's decorators and `from_kfp` make."""

    def matches(self, target: object) -> bool:
        """Whether it is a definition."""
        return isinstance(target, Definition)

    def load(self, target: Any) -> Source:
        """Trace it.

        Raises:
            AuthoringError: all mistakes in it.
        """
        definition: Definition[..., Any] = target
        traced = trace(definition)
        return Source(
            traced.graph,
            functions=traced.functions,
            signature=definition.signature,
            description=definition.description,
        )
