"""What `import` costs, in a process that does nothing else."""

from __future__ import annotations

from benchmarks.environments import PEERS
from benchmarks.figures import Bar, Figure
from benchmarks.measurement import Case, interleave

BAR = Bar(0.10)


def imports(*, quick: bool = False) -> list[Figure]:
    """CPU seconds of the whole process, and modules loaded; a bare interpreter for comparison."""
    cases = {tool: Case(tool, "import_module", {"module": tool}) for tool in ("milonga", *PEERS)}
    cases["milonga.engine.api"] = Case("milonga", "import_module", {"module": "milonga.engine.api"})
    cases["bare Python"] = Case("milonga", "import_module", {"module": "json"})
    runs = interleave(cases, repeats=5, warm_up=True)
    figures = []
    for tool, found in runs.items():
        bar = BAR if tool == "milonga" else None
        figures.append(Figure("import", tool, found.median(), "CPU s", bar, found.failure))
    for tool, found in runs.items():
        if tool != "bare Python":
            figures.append(Figure("modules loaded", tool, found.reported("modules"), "", note=found.failure))
    return figures
