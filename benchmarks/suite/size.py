"""How large compiled pipelines are."""

from __future__ import annotations

from benchmarks.figures import Figure, ratio
from benchmarks.measurement import Case, interleave


def size(*, quick: bool = False) -> list[Figure]:
    """One component used 500 times, and 100 components used once each."""
    figures = []
    for tool in ("milonga", "kfp"):
        cases = {
            "500 uses of one component": Case(tool, f"{tool}_compile", {"sizes": [500], "rounds": 1}),
            "100 distinct components": Case(tool, "distinct_components", {"tool": tool, "components": 100}),
        }
        for what, found in interleave(cases, repeats=1).items():
            written = found.median(lambda sample: float(sample.output.get("500", sample.output)["bytes"]))
            figures.append(Figure(what, tool, ratio(written, 1000), "kB", note=found.failure))
    return sorted(figures, key=lambda figure: figure.what)
