"""A pipeline from wherever it came, and the contract of one way to get it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from milonga.compiler.graph import Graph
from milonga.dsl.signature import Signature


@dataclass(frozen=True, slots=True)
class Source:
    """A pipeline that somebody named or handed over.

    Attributes:
        graph: the pipeline.
        name: what the user wrote; "" for an object.
        functions: executor label → the author's function, when it lives in this process.
        signature: its inputs with Python types, in their author's order; None for files, which do not keep them.
        search_path: folders that its tasks import from.
        description: what its author says about it.
    """

    graph: Graph
    name: str = ""
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    signature: Signature | None = None
    search_path: tuple[str, ...] = ()
    description: str = ""

    @property
    def is_python(self) -> bool:
        """Whether it was written in Python; a pipeline file was compiled before, and is written again as it is."""
        return self.signature is not None


class SourceKind(Protocol):
    """One kind of thing that is or names a pipeline. Kinds are stateless and shared; the first that matches loads."""

    def matches(self, target: object) -> bool:
        """Whether `target` is of this kind. Never raises, never imports anything heavy."""
        ...

    def load(self, target: Any) -> Source:
        """The pipeline behind `target`.

        Raises:
            MilongaError: what is wrong with it.
        """
        ...
