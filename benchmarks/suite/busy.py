"""Whether a graph with work for all cores keeps them busy."""

from __future__ import annotations

import sys

from benchmarks.figures import Bar, Figure, ratio
from benchmarks.measurement import Case, Runs, interleave

TASKS = 2000
BUSY = Bar(0.9, at_least=True)
QUIET = 0.1
"""The share of the cores that others may take: where nothing is ever idle, every engine keeps it busy."""


def busy(*, quick: bool = False) -> list[Figure]:
    """A random graph of 2 000 steps, each of which burns 5 to 50 ms of CPU in a process of its own."""
    tasks = TASKS // 10 if quick else TASKS
    what = f"random graph of {tasks}"
    found = Runs(failure="needs /proc/stat")
    if sys.platform == "linux":
        found = interleave({"milonga": Case("milonga", "milonga_busy", {"tasks": tasks})}, repeats=1 if quick else 3)[
            "milonga"
        ]
    others = ratio(found.reported("others_s"), found.reported("wall_s"))
    cores = found.reported("cores")
    crowded = others is not None and cores is not None and others > QUIET * cores
    says_little = "; others took so much that this says little" if crowded else ""
    rows = (
        ("share_of_what_was_left", f"of the time that others left, spent by tasks and engine{says_little}", BUSY),
        ("share", f"the same of all the time of {cores or 0:.0f} cores; others took {others or 0:.2f} of a core", None),
        ("work_share", "what the tasks were asked to burn, of the time that others left", None),
    )
    figures = [
        Figure(f"{what}: busy", "milonga", found.reported(name), "share", bar, found.failure or note)
        for name, note, bar in rows
    ]
    wall_s = found.fastest("wall_s")
    return [*figures, Figure(f"{what}: wall", "milonga", wall_s, "s (wall)", note=found.failure or "the fastest")]
