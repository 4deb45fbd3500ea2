"""Schedules in the words of back ends, by name. A new back end is a file here and a line below."""

from __future__ import annotations

import difflib

from milonga.compiler.schedules.argo import ArgoSchedules
from milonga.compiler.schedules.base import ScheduleTranslator, Translation
from milonga.compiler.schedules.kfp import KfpSchedules
from milonga.compiler.schedules.local import LocalSchedules
from milonga.compiler.schedules.vertex import VertexSchedules
from milonga.errors import UsageError

TRANSLATORS: dict[str, ScheduleTranslator] = {
    translator.name: translator for translator in (KfpSchedules(), VertexSchedules(), ArgoSchedules(), LocalSchedules())
}


def translator_named(name: str) -> ScheduleTranslator:
    """The translator of that name.

    Raises:
        UsageError: E921, there is none.
    """
    translator = TRANSLATORS.get(name)
    if translator is None:
        near = difflib.get_close_matches(name, TRANSLATORS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else ""
        raise UsageError("E921", f"no schedules for '{name}'", expected=", ".join(sorted(TRANSLATORS)), hint=hint)
    return translator


__all__ = [
    "TRANSLATORS",
    "ArgoSchedules",
    "KfpSchedules",
    "LocalSchedules",
    "ScheduleTranslator",
    "Translation",
    "VertexSchedules",
    "translator_named",
]
