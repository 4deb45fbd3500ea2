"""Time zones of a CronWorkflow."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault

_LOCAL = ("", "UTC", "Local")
"""What the controller's language knows without a table."""


def time_zones_exist(bundle: Bundle) -> Iterator[Fault]:
    """`timezone` is in the table of zones; a server accepts others, and such a schedule never fires."""
    known = zoneinfo.available_timezones()
    for root in bundle.of_kind("CronWorkflow"):
        zone = root.at("spec", "timezone")
        if known and zone.text not in known and zone.text not in _LOCAL:
            hint = bundle.spelling.nearest(zone.text, known)
            yield Fault(
                "E350", "there is no such time zone", zone, got=zone.text, expected="such as Europe/Berlin", hint=hint
            )
