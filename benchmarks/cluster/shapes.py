"""A chain and a loop, ours and the plainest Workflow of the same shape, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.cluster.cluster import Cluster
from benchmarks.cluster.counts import pods_of
from benchmarks.cluster.outcome import Outcome
from benchmarks.cluster.plain import plain_chain, plain_loop
from benchmarks.cluster.watched_run import WatchedRun
from benchmarks.figures import Bar, Figure, ratio

TASKS = 20
WAYS = ("plain", "milonga", "fused")
AS_FAST = Bar(1.15)
OBJECT = Bar(0.25)
FUSED_CHAIN = Bar(25)


@dataclass(frozen=True, slots=True)
class Shape:
    """A way in which steps stand to each other.

    Attributes:
        name: of it.
        rounds: how often each tool runs it; a loop keeps all cores busy, so whatever else runs there counts.
        plain: makes the Workflow written by hand.
        kfp_wall_s: of 20 no-op steps on KFP's own back end (KFP at 7b70c7b95f, Argo 3.7.3), on such a machine.
        kfp_pods: of that run.
        kfp_bytes: of its Workflow object when it had ended.
        fused: what is promised where tasks share a pod.
    """

    name: str
    rounds: int
    plain: Callable[[int], dict[str, object]]
    kfp_wall_s: float
    kfp_pods: int
    kfp_bytes: int
    fused: Bar | None = None


SHAPES = (
    Shape("chain", 2, plain_chain, 412, 41, 180_000, FUSED_CHAIN),
    Shape("loop", 5, plain_loop, 111, 62, 228_000),
)


def shapes(cluster: Cluster, *, quick: bool) -> list[Figure]:
    """Wall time, CPU, pods and bytes of both; the tools take turns."""
    tasks = 5 if quick else TASKS
    found = {(shape, way): Outcome() for shape in SHAPES for way in WAYS}
    for shape in SHAPES:
        for _ in range(1 if quick else shape.rounds):
            for way, run in _ways(cluster, shape, tasks).items():
                found[shape, way].add(run)
    figures = []
    for shape in SHAPES:
        plain, ours, fused = (found[shape, way] for way in WAYS)
        figures += _compared(shape, tasks, plain, ours)
        figures += _fused(f"{shape.name} of {tasks}, fused", fused, shape.fused)
    return figures


def _ways(cluster: Cluster, shape: Shape, tasks: int) -> dict[str, Callable[[], WatchedRun]]:
    return {
        "plain": lambda: cluster.plain(shape.plain(tasks)),
        "milonga": lambda: cluster.ours(f"bench_{shape.name}", tasks),
        "fused": lambda: cluster.ours(f"bench_fused_{shape.name}", tasks, fuse=True),
    }


def _compared(shape: Shape, tasks: int, plain: Outcome, ours: Outcome) -> list[Figure]:
    what = f"{shape.name} of {tasks}"
    best = f"fastest of {len(plain.runs)}"
    figures = [
        Figure(f"{what}: wall", "plain Argo", plain.least(_wall_s), "s (wall)", note=plain.failure or best),
        Figure(f"{what}: wall", "milonga", ours.least(_wall_s), "s (wall)", note=ours.failure or best),
        Figure(f"{what}: wall", "milonga / plain", ratio(ours.least(_wall_s), plain.least(_wall_s)), "times", AS_FAST),
        Figure(f"{what}: CPU a pod", "plain Argo", plain.least(_cpu_s), "CPU s", note=plain.failure or CPU),
        Figure(f"{what}: CPU a pod", "milonga", ours.least(_cpu_s), "CPU s", note=ours.failure or CPU),
        pods_of(what, "plain Argo", plain, tasks),
        pods_of(what, "milonga", ours, tasks),
        Figure(f"{what}: Workflow", "plain Argo", ratio(plain.most(_bytes), 1000), "kB", note=ENDED),
        Figure(f"{what}: Workflow", "milonga", ratio(ours.most(_bytes), 1000), "kB", note=ENDED),
    ]
    if tasks != TASKS:
        return figures
    kfp, known = "KFP's own back end", "known from a run of it, not measured here"
    return [
        *figures,
        Figure(f"{what}: wall", kfp, shape.kfp_wall_s, "s (wall)", note=known),
        Figure(f"{what}: pods", kfp, shape.kfp_pods, "pods", note=known),
        Figure(f"{what}: Workflow", kfp, shape.kfp_bytes / 1000, "kB", note=known),
        Figure(f"{what}: Workflow", "milonga / KFP", ratio(ours.most(_bytes), shape.kfp_bytes), "times", OBJECT),
    ]


def _fused(what: str, fused: Outcome, bar: Bar | None) -> list[Figure]:
    tool = "milonga --fuse"
    figures = [Figure(f"{what}: wall", tool, fused.least(_wall_s), "s (wall)", bar, fused.failure)]
    if not fused.failure:
        pods = fused.most(lambda run: run.pods)
        figures.append(Figure(f"{what}: pods", tool, pods, "pods"))
        figures.append(Figure(f"{what}: CPU", tool, fused.least(lambda run: run.cpu_s), "CPU s", note=CPU))
    return figures


ENDED = "when it has ended, without managedFields"
CPU = "all containers, Argo's included; read only where the node is this machine"


def _wall_s(run: WatchedRun) -> float:
    return run.wall_s


def _bytes(run: WatchedRun) -> float:
    return run.own_bytes


def _cpu_s(run: WatchedRun) -> float | None:
    return ratio(run.cpu_s, run.pods)
