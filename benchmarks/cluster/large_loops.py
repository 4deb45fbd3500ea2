"""Loops whose Workflow object comes near what an API server takes."""

from __future__ import annotations

from benchmarks.cluster.cluster import Cluster
from benchmarks.cluster.counts import pods_of
from benchmarks.cluster.flows import at_once
from benchmarks.cluster.outcome import Outcome
from benchmarks.cluster.plain import plain_loop
from benchmarks.cluster.watched_run import WatchedRun
from benchmarks.figures import Bar, Figure, ratio

ITERATIONS = 200
QUICK = 20
LARGE = 2_000
LARGE_LIMIT_S = 3 * 3600.0
OBJECT = Bar(1024)


def large_loops(cluster: Cluster, *, quick: bool, large: bool) -> list[Figure]:
    """A loop of 200 beside a plain one; of 2 000 where it is asked for, which takes an hour of two cores."""
    count = QUICK if quick else ITERATIONS
    plain = Outcome.of(lambda: cluster.plain(plain_loop(count, at_once=at_once(count))))
    ours = Outcome.of(lambda: cluster.ours("bench_long_loop", count))
    figures = [*_figures(count, "plain Argo", plain), *_figures(count, "milonga", ours)]
    if large:
        huge = Outcome.of(lambda: cluster.ours("bench_long_loop", LARGE, keep_pods=False, limit_s=LARGE_LIMIT_S))
        figures += _figures(LARGE, "milonga", huge)
        fused = Outcome.of(lambda: cluster.ours("bench_long_loop", LARGE, fuse=True, limit_s=LARGE_LIMIT_S))
        figures += _figures(LARGE, "milonga --fuse", fused)
    return figures


def _figures(count: int, tool: str, outcome: Outcome) -> list[Figure]:
    what = f"loop of {count}"
    packed = "packed by Argo" if any(run.is_packed for run in outcome.runs) else "not packed"
    bar = None if tool == "plain Argo" else OBJECT
    peak, end = (ratio(outcome.most(read), 1024) for read in (_peak_bytes, _final_bytes))
    return [
        pods_of(what, tool, outcome, count),
        Figure(f"{what}: wall", tool, outcome.least(_wall_s), "s (wall)", note=outcome.failure),
        Figure(f"{what}: Workflow at its peak", tool, peak, "KiB", bar, outcome.failure or "as JSON in the API server"),
        Figure(f"{what}: Workflow at the end", tool, end, "KiB", bar, outcome.failure or packed),
        Figure(f"{what}: an iteration", tool, ratio(outcome.most(_final_bytes), count), "bytes", note="at the end"),
    ]


def _wall_s(run: WatchedRun) -> float:
    return run.wall_s


def _peak_bytes(run: WatchedRun) -> float:
    return run.peak_bytes


def _final_bytes(run: WatchedRun) -> float:
    return run.final_bytes
