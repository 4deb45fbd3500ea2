"""What a tool adds to each task: chains of steps that do next to nothing."""

from __future__ import annotations

from benchmarks.figures import Bar, Figure, ratio
from benchmarks.measurement import Case, Runs, interleave

IN_PROCESS = Bar(1.5)
ISOLATED = Bar(15)
MORE = "(larger - smaller) / extra tasks"
ALL = "whole process / tasks, start and imports included"


def noop(*, quick: bool = False) -> list[Figure]:
    """CPU of the whole process tree a task: marginal between two sizes, and total over the larger."""
    scale = 1 if quick else 2
    plan: dict[str, tuple[str, str, dict[str, str], tuple[int, int], Bar | None]] = {
        "in-process": ("milonga", "milonga_run", {"mode": "in-process"}, (100, 600 * scale), IN_PROCESS),
        "isolated": ("milonga", "milonga_run", {"mode": "isolated"}, (20, 170 * scale), ISOLATED),
        "kfp.local": ("kfp", "kfp_run", {}, (5, 10 * scale), None),
        "Metaflow": ("metaflow", "metaflow_run", {}, (3, 5 * scale), None),
        "flytekit, in-process": ("flytekit", "flytekit_run", {}, (20, 110 * scale), None),
    }
    cases = {
        f"{label} {tasks}": Case(tool, script, {**settings, "tasks": tasks})
        for label, (tool, script, settings, sizes, _) in plan.items()
        for tasks in sizes
    }
    runs = interleave(cases, repeats=3)
    figures: list[Figure] = []
    per_task: dict[str, float | None] = {}
    for label, (tool, _, _, sizes, bar) in plan.items():
        small, large = (runs[f"{label} {tasks}"] for tasks in sizes)
        what = f"no-op task, {label}" if tool == "milonga" else f"no-op task, {label.partition(', ')[2] or 'default'}"
        name = label.partition(",")[0] if tool != "milonga" else tool
        note = small.failure or large.failure
        per_task[label] = _milliseconds(_difference(large, small), sizes[1] - sizes[0])
        whole = _milliseconds(large.median(), sizes[1])
        figures.append(
            Figure(what, name, per_task[label], "CPU ms/task", bar, note or f"{MORE}, {sizes[0]} and {sizes[1]}")
        )
        figures.append(Figure(what, name, whole, "CPU ms/task", note=note or f"{ALL}, {sizes[1]} tasks"))
    figures += [
        Figure("no-op task", f"{peer} / milonga isolated", ratio(per_task[peer], per_task["isolated"]), "times")
        for peer in ("kfp.local", "Metaflow")
    ]
    return figures


def _difference(large: Runs, small: Runs) -> float | None:
    above, below = large.median(), small.median()
    return None if above is None or below is None else above - below


def _milliseconds(seconds: float | None, tasks: int) -> float | None:
    return None if seconds is None else seconds * 1000 / tasks
