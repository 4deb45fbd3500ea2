"""`kill:TASK`: its processes are ended by SIGKILL, as by an operator or a machine that goes away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from milonga.engine.faults.interference import Interference
from milonga.engine.faults.spec import FaultSpec
from milonga.engine.faults.task_fault import TaskFault


@dataclass(frozen=True, slots=True)
class Kill(TaskFault):
    """A kill of the attempt and of all that it has started.

    Attributes:
        after_s: seconds that the attempt runs first.
    """

    name: ClassVar[str] = "kill"
    form: ClassVar[str] = "kill:TASK[:ATTEMPTS[:AFTER]]"
    meaning: ClassVar[str] = "the task's processes are killed, at once or AFTER a time such as 2s"
    needs_process: ClassVar[bool] = True

    after_s: float = 0.0

    @classmethod
    def read(cls, spec: FaultSpec) -> Kill:
        """The fault behind its text."""
        spec.only(cls.form, 2)
        after_s = spec.duration_s(cls.form, 1) if len(spec.arguments) > 1 else 0.0
        return cls(spec.text, spec.tasks(), spec.attempts(cls.form), after_s)

    def interfere(self, task: str, number: int) -> Interference | None:
        """Kill the attempt."""
        if not self.hits(task, number):
            return None
        message = f"killed by the system (signal 9): the fault '{self.text}'"
        death = {"code": "E415", "kind": "system", "message": message}
        return Interference(kill_after_s=self.after_s, death=death, killer=self.text)
