"""What tracing and compiling to KFP IR costs."""

from __future__ import annotations

from benchmarks.figures import Bar, Figure, ratio
from benchmarks.measurement import Case, Runs, interleave

AT_500 = Bar(0.30)
GROWTH = Bar(1.2)
FASTER = Bar(10, at_least=True)
KFP_SIZES = [100, 500]
DISTINCT = 100
HOW = "in one warm process, trace and write the file"


def compilation(*, quick: bool = False) -> list[Figure]:
    """Linear pipelines of 100 to 10 000 tasks of one component, and one of 100 components."""
    sizes = [100, 500, 5000] if quick else [100, 500, 5000, 10000]
    runs = interleave(
        {
            "milonga": Case("milonga", "milonga_compile", {"sizes": sizes, "rounds": 3}),
            "kfp": Case("kfp", "kfp_compile", {"sizes": KFP_SIZES, "rounds": 1 if quick else 3}),
            **{
                f"{tool}, distinct": Case(tool, "distinct_components", {"tool": tool, "components": DISTINCT})
                for tool in ("milonga", "kfp")
            },
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
    for tool in ("milonga", "kfp"):
        found = runs[f"{tool}, distinct"]
        what, note = f"compile {DISTINCT} distinct components", found.failure or HOW
        figures.append(Figure(what, tool, found.reported("cpu_s"), "CPU s", note=note))
    few, many = (_read(runs["milonga"], tasks, "cpu_s") for tasks in (100, 5000))
    growth = ratio(ratio(many, 5000), ratio(few, 100))
    figures.append(Figure("CPU per task, 5000 against 100", "milonga", growth, "times", GROWTH))
    ours, theirs = (_read(runs[tool], 500, "cpu_s") for tool in ("milonga", "kfp"))
    figures.append(Figure("compile 500 tasks", "kfp / milonga", ratio(theirs, ours), "times", FASTER))
    return figures


def _read(runs: Runs, tasks: int, name: str) -> float | None:
    return runs.median(lambda sample: float(sample.output[str(tasks)][name]))
