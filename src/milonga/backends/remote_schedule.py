"""A schedule that a back end keeps."""

from __future__ import annotations

from dataclasses import dataclass
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
    """

    id: str
    name: str
    enabled: bool
    url: str = ""
    timing: str = ""
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """The schedule as a flat JSON object, empty texts left out."""
        fields = {
            "id": self.id,
            "name": self.name,
            "enabled": self.enabled,
            "url": self.url,
            "timing": self.timing,
            "note": self.note,
        }
        return {key: value for key, value in fields.items() if value != ""}
