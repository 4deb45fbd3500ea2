"""A schedule that this machine keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from milonga.backends.local.records.firing import Firing
from milonga.backends.local.records.moments import shown
from milonga.backends.local.records.work import Work
from milonga.backends.local.timetable import Timetable
from milonga.backends.local.triggers import Trigger
from milonga.backends.remote_schedule import RemoteSchedule


@dataclass(frozen=True, slots=True)
class StoredSchedule:
    """A schedule and how far it has come.

    Attributes:
        number: never given twice.
        id: what commands take: a plain form of the name, and the number.
        name: what people gave it; there is one of a name.
        is_enabled: whether it starts runs.
        trigger: what starts them.
        work: what they do.
        max_concurrency: how many of them may go on at the same time.
        made_at: when the trigger was set; an interval without a start counts from there.
        decided: every time up to this moment has been decided; see `Standing`.
        next_due: the first time that has not, None when there is none.
        made_up_until: see `Standing`.
    """

    number: int
    id: str
    name: str
    is_enabled: bool
    trigger: Trigger
    work: Work
    max_concurrency: int
    made_at: datetime
    decided: datetime
    next_due: datetime | None
    made_up_until: datetime | None

    @property
    def timetable(self) -> Timetable | None:
        """Its times, if it has any."""
        return self.trigger.timetable(self.made_at)

    @property
    def is_over(self) -> bool:
        """Whether it had times, and none is left."""
        return self.next_due is None and self.timetable is not None

    def listed(self, pipeline: str, *, last: Firing | None = None, note: str = "") -> RemoteSchedule:
        """The schedule as all back ends tell theirs.

        Args:
            pipeline: name of its pipeline.
            last: the newest of its firings that was started.
            note: what whoever has just added it should know.
        """
        more = {
            "trigger": {"kind": self.trigger.kind, **self.trigger.to_json()},
            "max_concurrency": self.max_concurrency,
            "pipeline": pipeline,
            **self.work.to_json(),
            **({} if last is None else {"last_firing": last.to_json()}),
        }
        return RemoteSchedule(
            self.id,
            self.name,
            self.is_enabled,
            timing=self.trigger.timing(self.name),
            note=note,
            next_time=shown(self.next_due) if self.is_enabled else "",
            last_state="" if last is None else last.state,
            is_over=self.is_over,
            more=more,
        )


@dataclass(frozen=True, slots=True)
class ScheduleDraft:
    """A schedule that is to be kept.

    Attributes:
        name: what people call it.
        trigger: what starts runs.
        work: what they do.
        max_concurrency: how many at the same time.
        text: the pipeline's text, which `work` names by its digest.
    """

    name: str
    trigger: Trigger
    work: Work
    max_concurrency: int
    text: str

    def to_json(self) -> dict[str, Any]:
        """The draft as the command line shows it, without the pipeline's text."""
        return {
            "name": self.name,
            "trigger": self.trigger.kind,
            **self.trigger.to_json(),
            "arguments": dict(self.work.arguments),
            "max_concurrency": self.max_concurrency,
        }
