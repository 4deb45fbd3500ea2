"""The contract of a trigger: what makes a schedule of this machine start a run.

A trigger is a frozen value that is kept as JSON. It says what it waits for; looking at the clock, a folder or the
network is the work of others, which find the schedules of their kind by `kind`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol

from milonga.backends.local.timetable import Timetable


class Trigger(Protocol):
    """One kind of reason to run.

    Attributes:
        kind: its name in `TRIGGERS` and in the store.
    """

    kind: ClassVar[str]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Trigger:
        """The trigger behind `to_json`."""
        ...

    def to_json(self) -> dict[str, Any]:
        """The trigger as JSON, without its kind. Equal triggers have equal JSON."""
        ...

    def timing(self, name: str) -> str:
        """When it starts runs of the schedule of that name, in a few words for people."""
        ...

    def timetable(self, made_at: datetime) -> Timetable | None:
        """Its times, if it has any.

        Args:
            made_at: when the schedule was made; an interval without a start counts from there.
        """
        ...

    def present_marks(self) -> tuple[str, ...]:
        """Marks of what is there now and is not to count as new.

        Raises:
            UsageError: E977, it cannot be looked at.
        """
        ...
