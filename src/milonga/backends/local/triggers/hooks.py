"""Runs when somebody asks for one over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote


def hook_path(name: str) -> str:
    """The path of a request for the schedule of that name."""
    return f"/hooks/{quote(name, safe='', errors='surrogatepass')}"


@dataclass(frozen=True, slots=True)
class HookTrigger:
    """`POST /hooks/NAME` on this machine; NAME is the schedule's."""

    kind: ClassVar[str] = "hook"

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> HookTrigger:
        """The trigger behind `to_json`."""
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        """Nothing but the kind is to be known."""
        return {}

    def timing(self, name: str) -> str:
        """What to send."""
        return f"POST {hook_path(name)}"

    def timetable(self, made_at: datetime) -> None:
        """None: requests come when they come."""
        return

    def present_marks(self) -> tuple[str, ...]:
        """None: a request that has passed is gone."""
        return ()
