"""Whether steps that only wait run at the same time."""

from __future__ import annotations

from benchmarks.figures import Bar, Figure
from benchmarks.measurement import Case, interleave

BAR = Bar(1.2)
TASKS = 8
SHAPES = ("independent", "loop")
PEERS = {"kfp": "kfp.local", "metaflow": "Metaflow", "flytekit": "flytekit", "dagster": "Dagster", "prefect": "Prefect"}
NOTES = {
    "flytekit": "; its scheduler runs one step at a time",
    "dagster": "; the in-process executor runs one step at a time",
    "metaflow": "; a process a step, and three steps more",
}


def parallel(*, quick: bool = False) -> list[Figure]:
    """Eight steps that sleep a second, eight workers: side by side, and in a loop."""
    figures = []
    for tools, repeats in ((("milonga",), 3 if quick else 5), (tuple(PEERS), 1 if quick else 2)):
        cases = {
            f"{tool} {shape}": Case(tool, f"{tool}_parallel", {"tasks": TASKS, "seconds": 1.0, "shape": shape})
            for shape in SHAPES
            for tool in tools
        }
        for label, found in interleave(cases, repeats).items():
            tool, shape = label.split()
            what, name = f"{TASKS} x sleep 1 s, {shape}", PEERS.get(tool, tool)
            bar = BAR if tool == "milonga" else None
            of = f"fastest of {len(found.samples)}"
            note = found.failure or f"{of}; the second run in a process{NOTES.get(tool, '')}"
            figures.append(Figure(what, name, found.fastest("wall_s"), "s (wall)", bar, note))
            note = found.failure or f"{of}; the first, which loads the tool"
            figures.append(Figure(what, name, found.fastest("first_wall_s"), "s (wall)", note=note))
    return figures
