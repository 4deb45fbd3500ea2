"""What one target does with one construct."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["works", "changed", "dropped", "refused", "fails", "unverified"]

CODES: Mapping[Verdict, str] = {"refused": "E301", "fails": "E302", "changed": "E303", "dropped": "E304"}
"""The code of a finding. A construct that works, or that nobody has tried, makes none."""

VERBS: Mapping[Verdict, str] = {
    "refused": "refuses",
    "fails": "fails on",
    "changed": "changes the meaning of",
    "dropped": "ignores",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One cell of the capability table.

    Attributes:
        verdict: works; changed: runs, with another meaning; dropped: ignored without a word; refused: at submission;
            fails: accepted, and the run fails; unverified: nobody has tried, so milonga says nothing.
        note: what happens, for whom that is not obvious. Empty when it works.
        hint: what to do instead.
        since: the target's first version of which this is true; "" means all.
        source: where it was read or seen.
        rewrite: name of the pass that lowers the construct to one that works; "" when there is none.
    """

    verdict: Verdict
    note: str = ""
    hint: str = ""
    since: str = ""
    source: str = ""
    rewrite: str = ""


CapabilityTable = Mapping[str, tuple[Capability, ...]]
"""By name of a construct; the last cell whose `since` is not after the version counts."""


def capability_at(cells: tuple[Capability, ...], version: str) -> Capability:
    """The cell that holds at `version`."""
    holding = [cell for cell in cells if not cell.since or number(cell.since) <= number(version)]
    return holding[-1]


def number(version: str) -> tuple[int, ...]:
    """A version as numbers: "2.15" → (2, 15)."""
    return tuple(int(part) for part in version.split("."))


WORKS = (Capability(verdict="works"),)
UNVERIFIED = (Capability(verdict="unverified"),)
