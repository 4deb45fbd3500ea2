"""A schedule that a back end keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RemoteSchedule:
    """A schedule.

    Attributes:
        id: the id that the system knows it by.
        name: what a person reads; need not be unique.
        enabled: whether it starts runs.
        url: its page, "" where the address of the pages is not known.
        timing: when it starts runs, in the system's own words.
        note: what whoever has just added it should know, "" for nothing.
        next_time: the first time that has not been decided, in UTC; "" where there is none or the system does not say.
        last_state: the state of the run that it has started last; "" where there is none or the system does not say.
        is_over: whether none of its times is left, as far as the system says.
        more: what else the system tells about it, as JSON.
    """

    id: str
    name: str
    enabled: bool
    url: str = ""
    timing: str = ""
    note: str = ""
    next_time: str = ""
    last_state: str = ""
    is_over: bool = False
    more: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def to_json(self) -> dict[str, Any]:
        """The schedule as a JSON object, empty texts left out."""
        fields = {
            **self.more,
            "id": self.id,
            "name": self.name,
            "enabled": self.enabled,
            "url": self.url,
            "timing": self.timing,
            "note": self.note,
            "next_time": self.next_time,
            "last_state": self.last_state,
            **({"is_over": True} if self.is_over else {}),
        }
        return {key: value for key, value in fields.items() if value != ""}
