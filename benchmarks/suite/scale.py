"""Whether large pipelines finish, and what they take."""

from __future__ import annotations

from benchmarks.figures import Figure, ratio
from benchmarks.measurement import Case, interleave


def scale(*, quick: bool = False) -> list[Figure]:
    """A loop of 2 000 iterations and a chain of 5 000 steps, in this process."""
    figures = []
    for shape, tasks in (("loop", 2000), ("linear", 5000)):
        settings = {"shape": shape, "tasks": tasks, "mode": "in-process"}
        found = interleave({"milonga": Case("milonga", "milonga_run", settings)}, repeats=1 if quick else 3)["milonga"]
        what = f"{shape} of {tasks}"
        ended = found.reported("steps")
        figures += [
            Figure(f"{what}: steps ended", "milonga", ended, "", note=found.failure),
            Figure(f"{what}: CPU", "milonga", ratio(found.median(), tasks / 1000), "CPU ms/task", note="whole process"),
            Figure(f"{what}: peak memory", "milonga", _megabytes(found.median(lambda it: it.peak_bytes)), "MB"),
        ]
    return figures


def _megabytes(size_bytes: float | None) -> float | None:
    return ratio(size_bytes, 1e6)
