"""The contract of a fault: which attempts or stored artifacts it hits, and what it does to them.

Faults are immutable and belong to the settings of a run; what they have hit is counted by `Sabotage`. A kind overrides
the hooks that it needs and leaves the others as they are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from milonga.compiler.graph import Graph
from milonga.engine.faults.interference import Interference
from milonga.engine.faults.spec import FaultSpec
from milonga.engine.faults.targets import Targets


@dataclass(frozen=True, slots=True)
class Fault(ABC):
    """One fault of a run.

    Attributes:
        name: the kind, as it is written.
        form: how a fault of this kind is written.
        meaning: what it does, for help.
        needs_process: whether it acts on a process of the attempt's own.
        text: the fault as it was written.
    """

    name: ClassVar[str]
    form: ClassVar[str]
    meaning: ClassVar[str]
    needs_process: ClassVar[bool] = False

    text: str

    @classmethod
    @abstractmethod
    def read(cls, spec: FaultSpec) -> Fault:
        """The fault behind its text.

        Raises:
            UsageError: E965, it is not understood.
        """

    @abstractmethod
    def targets(self, graph: Graph) -> Targets:
        """Which of the names in `graph` it is for."""

    def interfere(self, task: str, number: int) -> Interference | None:
        """What to do to attempt `number` of `task`, counted from 1 in this engine; None leaves it alone."""
        return None

    def spoils(self, task: str, artifact: str) -> bool:
        """Whether it damages the stored content of that artifact, which must be nobody else's then."""
        return False

    def before_storing(self, task: str, artifact: str) -> bool:
        """Called before an artifact moves into the store; whether it was hit, which an OSError says as well."""
        return False

    def after_storing(self, task: str, artifact: str, place: Path) -> bool:
        """Called when an artifact has moved to `place` in the store; whether it was hit."""
        return False
