"""Runs at times of the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from milonga.backends.local.timetable import Timetable
from milonga.dsl.schedule import Schedule


@dataclass(frozen=True, slots=True)
class TimeTrigger:
    """A cron text or an interval.

    Attributes:
        schedule: when; its name and its `max_concurrency` are kept with the stored schedule.
    """

    kind: ClassVar[str] = "time"

    schedule: Schedule

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TimeTrigger:
        """The trigger behind `to_json`."""
        return cls(Schedule(**value))

    def to_json(self) -> dict[str, Any]:
        """The schedule's own JSON, without what is no time."""
        fields = self.schedule.to_json()
        return {key: value for key, value in fields.items() if key not in ("name", "max_concurrency")}

    def timing(self, name: str) -> str:
        """The cron text with its time zone, or the interval."""
        if self.schedule.cron is None:
            return f"every {self.schedule.interval_s} s"
        return f"{self.schedule.cron} {self.schedule.time_zone}"

    def timetable(self, made_at: datetime) -> Timetable:
        """The times."""
        return Timetable.of(self.schedule, made_at)

    def present_marks(self) -> tuple[str, ...]:
        """None: a time that has passed is gone."""
        return ()
