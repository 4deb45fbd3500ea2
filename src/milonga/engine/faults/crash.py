"""`crash:TASK`: the engine itself is ended by SIGKILL when the task starts, or when what came of it is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from milonga.engine.faults.interference import CrashTime, Interference
from milonga.engine.faults.spec import FaultSpec, wrong_spec
from milonga.engine.faults.task_fault import TaskFault

_TIMES: dict[str, CrashTime] = {"before": "before", "after": "after"}


@dataclass(frozen=True, slots=True)
class Crash(TaskFault):
    """The end of the engine.

    Attributes:
        time: as an attempt starts, or when it has ended and that is recorded.
    """

    name: ClassVar[str] = "crash"
    form: ClassVar[str] = "crash:TASK[:before|:after]"
    meaning: ClassVar[str] = "the engine itself is killed when the task starts, or when it has ended"

    time: CrashTime = "before"

    @classmethod
    def read(cls, spec: FaultSpec) -> Crash:
        """The fault behind its text."""
        spec.only(cls.form, 1)
        word = spec.arguments[0] if spec.arguments else "before"
        if word not in _TIMES:
            raise wrong_spec(spec.text, f"'{word}' is no moment of a task", cls.form)
        return cls(spec.text, spec.tasks(), None, _TIMES[word])

    def interfere(self, task: str, number: int) -> Interference | None:
        """Kill the engine; it is dead before there could be a second time."""
        return Interference(crash=self.time) if self.hits(task, number) else None
