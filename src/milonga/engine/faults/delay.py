"""`delay:TASK:3s`: attempts start late, and the time counts against their timeout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from milonga.engine.faults.interference import Interference
from milonga.engine.faults.spec import FaultSpec
from milonga.engine.faults.task_fault import TaskFault


@dataclass(frozen=True, slots=True)
class Delay(TaskFault):
    """A slow start.

    Attributes:
        pause_s: seconds before the attempt's function is called.
    """

    name: ClassVar[str] = "delay"
    form: ClassVar[str] = "delay:TASK:TIME[:ATTEMPTS]"
    meaning: ClassVar[str] = "the task takes a TIME such as 3s longer"

    pause_s: float = 0.0

    @classmethod
    def read(cls, spec: FaultSpec) -> Delay:
        """The fault behind its text."""
        spec.only(cls.form, 2)
        attempts = spec.attempts(cls.form, 1) if len(spec.arguments) > 1 else None
        return cls(spec.text, spec.tasks(), attempts, spec.duration_s(cls.form, 0))

    def interfere(self, task: str, number: int) -> Interference | None:
        """Hold the attempt back."""
        return Interference(hold_s=self.pause_s) if self.hits(task, number) else None
