"""What a tool adds to each task: chains of steps that do next to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.figures import Bar, Figure, ratio
from benchmarks.measurement import Case, Runs, interleave

IN_PROCESS = Bar(1.0)
ISOLATED = Bar(10)
MORE = "(larger - smaller) / extra tasks"
ALL = "whole process / tasks, start and imports included"


@dataclass(frozen=True, slots=True)
class Contender:
    """A tool in one of its ways to run.

    Attributes:
        name: of the tool, as the table has it.
        way: "in-process" where nothing is isolated.
        sizes: of the two chains, at full length.
        own_count: whether the case counts CPU itself, from when what it needs has started: where that costs so much
            more than the tasks that the difference of two whole processes would be noise.
    """

    name: str
    way: str
    tool: str
    sizes: tuple[int, int]
    settings: Mapping[str, str] = field(default_factory=dict)
    bar: Bar | None = None
    own_count: bool = False

    @property
    def label(self) -> str:
        """Who, and how."""
        return f"{self.name} {self.way}"

    def case(self, tasks: int) -> Case:
        """A chain of so many."""
        return Case(self.tool, f"{self.tool}_run", {**self.settings, "tasks": tasks})

    def cpu_s(self, runs: Runs) -> float | None:
        """What a chain took."""
        return runs.reported("cpu_s") if self.own_count else runs.median()


CONTENDERS = (
    Contender("milonga", "in-process", "milonga", (100, 1200), {"mode": "in-process"}, IN_PROCESS),
    Contender("milonga", "isolated", "milonga", (20, 340), {"mode": "isolated"}, ISOLATED),
    Contender("kfp.local", "default", "kfp", (5, 20)),
    Contender("Metaflow", "default", "metaflow", (3, 10)),
    Contender("flytekit", "in-process", "flytekit", (20, 220)),
    Contender("Dagster", "in-process", "dagster", (10, 110)),
    Contender("Prefect", "in-process", "prefect", (10, 110), own_count=True),
)


def noop(*, quick: bool = False) -> list[Figure]:
    """CPU of the whole process tree a task: marginal between two sizes, and total over the larger."""
    sizes = {it.label: (it.sizes[0], it.sizes[1] // 2 if quick else it.sizes[1]) for it in CONTENDERS}
    runs = interleave(
        {f"{it.label} {tasks}": it.case(tasks) for it in CONTENDERS for tasks in sizes[it.label]}, repeats=3
    )
    figures: list[Figure] = []
    per_task: dict[str, float | None] = {}
    for it in CONTENDERS:
        few, many = sizes[it.label]
        small, large = (runs[f"{it.label} {tasks}"] for tasks in (few, many))
        failure = small.failure or large.failure
        what = f"no-op task, {it.way}"
        marginal = _milliseconds(_difference(it.cpu_s(large), it.cpu_s(small)), many - few)
        per_task[it.label] = marginal
        how = f"{MORE}, {few} and {many}" + (", its server counted" if it.own_count else "")
        whole = _milliseconds(large.median(), many)
        figures.append(Figure(what, it.name, marginal, "CPU ms/task", it.bar, failure or how))
        figures.append(Figure(what, it.name, whole, "CPU ms/task", note=failure or f"{ALL}, {many} tasks"))
    for it in CONTENDERS:
        if it.name != "milonga":
            ours = "in-process" if it.way == "in-process" else "isolated"
            value = ratio(per_task[it.label], per_task[f"milonga {ours}"])
            figures.append(Figure(f"no-op task, {ours}", f"{it.name} / milonga", value, "times"))
    return figures


def _difference(above: float | None, below: float | None) -> float | None:
    return None if above is None or below is None else above - below


def _milliseconds(seconds: float | None, tasks: int) -> float | None:
    return None if seconds is None else seconds * 1000 / tasks
