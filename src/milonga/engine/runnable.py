"""A graph, ready to be run, with what is known about where it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.compiler.graph import Graph
from milonga.compiler.interop.sources import Source, read_source
from milonga.dsl.signature import Signature


@dataclass(frozen=True, slots=True)
class Runnable:
    """A graph and the live functions behind it, if it was traced in this process.

    Attributes:
        graph: what to run.
        functions: executor label → the author's function.
        source: how the user named it.
        signature: its inputs with Python types, where they are known; the graph does not carry the values of a Literal.
        search_path: folders that its tasks import from.
    """

    graph: Graph
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    source: str = ""
    signature: Signature | None = None
    search_path: tuple[str, ...] = ()


def as_runnable(target: object) -> Runnable:
    """What there is to run behind anything that `read_source` takes, or behind a source or runnable itself.

    Raises:
        MilongaError: as `read_source` does.
    """
    if isinstance(target, Runnable):
        return target
    source = target if isinstance(target, Source) else read_source(target)
    return Runnable(source.graph, source.functions, source.name, source.signature, source.search_path)
