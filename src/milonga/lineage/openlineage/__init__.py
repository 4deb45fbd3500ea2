"""Recorded runs as OpenLineage events (https://openlineage.io, specification 2-0-2). Nothing is sent anywhere."""

from milonga.lineage.openlineage.events import ExportedRun, event_lines, events_of

__all__ = ["ExportedRun", "event_lines", "events_of"]
