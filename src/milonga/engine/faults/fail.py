"""`fail:TASK`: attempts end with an error and never run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from milonga.engine.faults.interference import Interference
from milonga.engine.faults.spec import FaultSpec
from milonga.engine.faults.task_fault import TaskFault
from milonga.errors import RunError


@dataclass(frozen=True, slots=True)
class Fail(TaskFault):
    """The attempt's function is not called."""

    name: ClassVar[str] = "fail"
    form: ClassVar[str] = "fail:TASK[:ATTEMPTS]"
    meaning: ClassVar[str] = "the first ATTEMPTS of the task fail"

    @classmethod
    def read(cls, spec: FaultSpec) -> Fail:
        """The fault behind its text."""
        spec.only(cls.form, 1)
        return cls(spec.text, spec.tasks(), spec.attempts(cls.form))

    def interfere(self, task: str, number: int) -> Interference | None:
        """Fail the attempt."""
        if not self.hits(task, number):
            return None
        error = RunError("E465", f"attempt {number} was made to fail: the fault '{self.text}'")
        return Interference(failure=error.to_json())
