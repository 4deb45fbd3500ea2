"""Schedules of this machine: what `milonga schedule add` keeps, and the scheduler process reads. Nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.compiler.graph import Graph
from milonga.compiler.schedules.base import Translation
from milonga.dsl.schedule import Schedule


@dataclass(frozen=True, slots=True)
class LocalSchedules:
    """Writes every field of the schedule, in milonga's own words."""

    name: str = field(default="local", init=False)

    def translate(
        self, schedule: Schedule, *, name: str, graph: Graph | None, arguments: Mapping[str, Any]
    ) -> Translation:
        """The schedule with its name and `arguments`; input artifacts are paths or URIs."""
        document = {
            **schedule.to_json(),
            "name": schedule.name or name,
            "pipeline": name,
            "arguments": dict(arguments),
        }
        return Translation(document)
