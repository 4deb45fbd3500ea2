"""Time zones of a CronWorkflow."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.dsl.time_zones import is_time_zone

_LOCAL = ("", "UTC", "Local")
"""What the controller's language knows without a table."""


def time_zones_exist(bundle: Bundle) -> Iterator[Fault]:
    """`timezone` is in the table of zones; a server accepts others, and such a schedule never fires."""
    for root in bundle.of_kind("CronWorkflow"):
        zone = root.at("spec", "timezone")
        if zone.text in _LOCAL or is_time_zone(zone.text):
            continue
        known = zoneinfo.available_timezones()
        if known:
            hint = bundle.spelling.nearest(zone.text, known)
            yield Fault(
                "E350", "there is no such time zone", zone, got=zone.text, expected="such as Europe/Berlin", hint=hint
            )
