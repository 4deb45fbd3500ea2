"""Names of time zones: those of IANA's database, and what to say about others (E920)."""

from __future__ import annotations

import difflib
import zoneinfo
from typing import Any

from milonga.dsl.schedule_mistakes import mistake
from milonga.errors import UsageError

_OF_THE_MACHINE = ("posix/", "right/", "localtime", "posixrules", "Factory")
"""Names that some machines' zone folders hold and IANA's database does not."""


def is_time_zone(name: Any) -> bool:
    """Whether a clock of that name exists here. UTC does, even on a machine without a database."""
    if name == "UTC":
        return True
    if not isinstance(name, str) or name.startswith(_OF_THE_MACHINE):
        return False
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        return False
    return True


def unknown_zone(what: str, name: Any) -> UsageError:
    """The mistake that `name` is no time zone, with the nearest that is one."""
    known = {zone.lower(): zone for zone in zoneinfo.available_timezones()}
    near = difflib.get_close_matches(str(name).lower(), known, n=1)
    hint = f"did you mean '{known[near[0]]}'?" if near else ""
    if not known:
        hint = "this machine has no time zone database: pip install tzdata"
    return mistake(f"{what} is unknown", repr(name), "a name of IANA's database, such as Europe/Madrid", hint)
