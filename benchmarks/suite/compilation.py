"""What tracing and compiling to KFP IR costs."""

from __future__ import annotations

from benchmarks.figures import Bar, Figure, ratio
from benchmarks.measurement import Case, Runs, interleave

AT_500 = Bar(0.30)
GROWTH = Bar(1.2)
FASTER = Bar(10, at_least=True)
KFP_SIZES = [100, 500]
HOW = "in one warm process, trace and write the file"


def compilation(*, quick: bool = False) -> list[Figure]:
    """Linear pipelines of 100 to 10 000 tasks."""
    sizes = [100, 500, 5000] if quick else [100, 500, 5000, 10000]
    runs = interleave(
        {
            "milonga": Case("milonga", "milonga_compile", {"sizes": sizes, "repeats": 3}),
            "kfp": Case("kfp", "kfp_compile", {"sizes": KFP_SIZES, "repeats": 1 if quick else 3}),
        },
        repeats=3,
    )
    figures = []
    for tool, tasks in [*(("milonga", tasks) for tasks in sizes), *(("kfp", tasks) for tasks in KFP_SIZES)]:
        bar = AT_500 if (tool, tasks) == ("milonga", 500) else None
        note = runs[tool].failure or HOW
        figures.append(Figure(f"compile {tasks} tasks", tool, _read(runs[tool], tasks, "cpu_s"), "CPU s", bar, note))
        kilobytes = ratio(_read(runs[tool], tasks, "bytes"), 1000)
        figures.append(Figure(f"file of {tasks} tasks", tool, kilobytes, "kB", note=runs[tool].failure))
    for largest in sizes[2:]:
        growth = ratio(_marginal(runs["milonga"], 500, largest), _marginal(runs["milonga"], 100, 500))
        what, bar = f"CPU of a further task, up to {largest} against up to 500", GROWTH if largest == 5000 else None
        figures.append(Figure(what, "milonga", growth, "times", bar, "without what does not depend on the size"))
    ours, theirs = (_read(runs[tool], 500, "cpu_s") for tool in ("milonga", "kfp"))
    figures.append(Figure("compile 500 tasks", "kfp / milonga", ratio(theirs, ours), "times", FASTER))
    return figures


def _read(runs: Runs, tasks: int, name: str) -> float | None:
    return runs.median(lambda sample: float(sample.output[str(tasks)][name]))


def _marginal(runs: Runs, few: int, many: int) -> float | None:
    """CPU seconds of one more task between two sizes."""
    low, high = _read(runs, few, "cpu_s"), _read(runs, many, "cpu_s")
    return None if low is None or high is None else (high - low) / (many - few)
