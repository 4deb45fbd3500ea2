"""How many pods a run takes."""

from __future__ import annotations

from benchmarks.cluster.cluster import Cluster
from benchmarks.cluster.outcome import Outcome
from benchmarks.figures import Bar, Figure

TASKS = 3


def pods_of(what: str, tool: str, outcome: Outcome, most: int, note: str = "") -> Figure:
    """The pods of runs, as the cluster lists them and as Argo counts them, whichever are more."""
    found = outcome.most(lambda run: max(run.pods, run.pod_nodes))
    bar = Bar(most) if tool == "milonga" else None
    return Figure(f"{what}: pods", tool, found, "pods", bar, outcome.failure or note)


def counts(cluster: Cluster) -> list[Figure]:
    """Pods of what needs none, and of results that are known. The shapes of `shapes` count their own."""
    importer = Outcome.of(lambda: cluster.ours("bench_importer"))
    condition = Outcome.of(lambda: cluster.ours("bench_condition"))
    again = Outcome.of(lambda: cluster.ours("bench_values", TASKS))
    if not again.failure:
        again = Outcome.of(lambda: cluster.ours("bench_values", TASKS, use_cache=True))
    return [
        pods_of("an importer and the step that reads it", "milonga", importer, 1, "the importer takes none"),
        pods_of("a condition of two branches, a step in each", "milonga", condition, 1, "the condition takes none"),
        pods_of(f"{TASKS} steps whose results are known", "milonga", again, TASKS, "at most one short pod each"),
    ]
