"""What running again costs when nothing has changed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.environments import PeerMissing
from benchmarks.figures import Bar, Figure, ratio
from benchmarks.measurement import Case, CaseFailed, Runs, run_case

BAR = Bar(0.5)
TASKS = 1000
KFP_TASKS = 100
REPEATS = 5


def cached(*, quick: bool = False) -> list[Figure]:
    """Fill the cache once, then run again in fresh processes."""
    kfp_tasks = 20 if quick else KFP_TASKS
    ours = _again(
        Case("milonga", "milonga_run", {"tasks": TASKS, "cache": True, "mode": "in-process"}),
        Case("milonga", "milonga_run", {"tasks": TASKS, "cache": True, "warm": True}),
    )
    theirs_case = Case("kfp", "kfp_run", {"tasks": kfp_tasks, "cache": True})
    theirs = _again(theirs_case, theirs_case)
    if not ours.failure and any(sample.output["cached"] != TASKS for sample in ours.samples):
        ours.failure = "not every step came from the cache"
    what = f"{TASKS} cached tasks again"
    how = ours.failure or "trace, run, report; the second run in a process"
    figures = [
        Figure(what, "milonga", ours.reported("cpu_s"), "CPU s", BAR, how),
        Figure(what, "milonga", ours.fastest("wall_s"), "s (wall)", BAR, ours.failure or f"fastest of {REPEATS}"),
        Figure(what, "milonga", ours.median(), "CPU s", note=ours.failure or "the whole process, its start included"),
    ]
    for tool, found, tasks in (("milonga", ours, TASKS), ("kfp.local", theirs, kfp_tasks)):
        per_task = ratio(found.reported("cpu_s"), tasks / 1000)
        note = found.failure or f"of {tasks}; trace and run"
        figures.append(Figure("a cached task", tool, per_task, "CPU ms/task", note=note))
    return figures


def _again(fill: Case, again: Case) -> Runs:
    found = Runs()
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        try:
            run_case(fill, Path(home))
            found.samples = [run_case(again, Path(home)) for _ in range(REPEATS)]
        except (CaseFailed, PeerMissing) as error:
            found.failure = str(error)
    return found
