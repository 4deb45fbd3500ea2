"""`oom:TASK`: it is ended for want of memory, as a kernel does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from milonga.engine.faults.interference import Interference
from milonga.engine.faults.spec import FaultSpec
from milonga.engine.faults.task_fault import TaskFault


@dataclass(frozen=True, slots=True)
class Oom(TaskFault):
    """A kill that says memory was the reason."""

    name: ClassVar[str] = "oom"
    form: ClassVar[str] = "oom:TASK[:ATTEMPTS]"
    meaning: ClassVar[str] = "the task is ended for want of memory"
    needs_process: ClassVar[bool] = True

    @classmethod
    def read(cls, spec: FaultSpec) -> Oom:
        """The fault behind its text."""
        spec.only(cls.form, 1)
        return cls(spec.text, spec.tasks(), spec.attempts(cls.form))

    def interfere(self, task: str, number: int) -> Interference | None:
        """Kill the attempt, and say why."""
        if not self.hits(task, number):
            return None
        death = {
            "code": "E415",
            "kind": "user",
            "message": f"ended for want of memory: the fault '{self.text}'",
            "hint": "raise memory=, or make the step need less",
        }
        return Interference(kill_after_s=0.0, death=death, killer=self.text)
