"""`full:TASK`: the disk is full when an artifact of the task moves into the store."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import ClassVar

from milonga.engine.faults.spec import FaultSpec
from milonga.engine.faults.task_fault import TaskFault


@dataclass(frozen=True, slots=True)
class Full(TaskFault):
    """What the system says when there is no space left."""

    name: ClassVar[str] = "full"
    form: ClassVar[str] = "full:TASK"
    meaning: ClassVar[str] = "the disk is full when an artifact of the task is stored"

    @classmethod
    def read(cls, spec: FaultSpec) -> Full:
        """The fault behind its text."""
        spec.only(cls.form, 0)
        return cls(spec.text, spec.tasks(), None)

    def before_storing(self, task: str, artifact: str) -> bool:
        """Refuse to write.

        Raises:
            OSError: ENOSPC.
        """
        if self.tasks.matches(task):
            raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} (the fault '{self.text}')")
        return False
