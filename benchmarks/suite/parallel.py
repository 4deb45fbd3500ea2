"""Whether steps that only wait run at the same time."""

from __future__ import annotations

from benchmarks.figures import Bar, Figure
from benchmarks.measurement import Case, interleave

BAR = Bar(1.3)
TASKS = 8


def parallel(*, quick: bool = False) -> list[Figure]:
    """Eight steps that sleep a second, eight workers: side by side, and in a loop."""
    settings = [{"tasks": TASKS, "seconds": 1.0, "shape": shape} for shape in ("independent", "loop")]
    runs = interleave(
        {
            f"{tool} {setting['shape']}": Case(tool, f"{tool}_parallel", setting)
            for setting in settings
            for tool in ("milonga", "kfp")
        },
        repeats=3 if quick else 5,
    )
    figures = []
    for label, found in runs.items():
        tool, shape = label.split()
        what = f"{TASKS} x sleep 1 s, {shape}"
        name, bar = ("milonga", BAR) if tool == "milonga" else ("kfp.local", None)
        note = found.failure or f"fastest of {len(found.samples)}; the second run in a process"
        figures.append(Figure(what, name, found.fastest("wall_s"), "s (wall)", bar, note))
        note = found.failure or f"fastest of {len(found.samples)}; the first, which loads the tool"
        figures.append(Figure(what, name, found.fastest("first_wall_s"), "s (wall)", note=note))
    return figures
