"""Runs on a real cluster: pods, wall time, bytes of objects, and what our program takes in a pod."""

from __future__ import annotations

from benchmarks.cluster.cluster import Cluster, ClusterMissing
from benchmarks.cluster.counts import counts
from benchmarks.cluster.large_loops import large_loops
from benchmarks.cluster.manifest_sizes import manifest_sizes
from benchmarks.cluster.program_start import program_start, start_in_pods
from benchmarks.cluster.shapes import shapes
from benchmarks.figures import Figure


def argo(*, quick: bool = False, large: bool = False) -> list[Figure]:
    """Ours beside the plainest Workflow of the same shape, in the namespace that `milonga submit` would take.

    Args:
        quick: shorter chains and loops, one run of each.
        large: also a loop of 2 000 iterations.
    """
    figures = [*manifest_sizes(), *program_start(quick=quick)]
    try:
        cluster = Cluster.reached()
    except ClusterMissing as error:
        return [*figures, Figure("runs on a cluster", "all", None, "", note=str(error))]
    with cluster:
        figures += start_in_pods(cluster)
        figures += counts(cluster)
        figures += shapes(cluster, quick=quick)
        figures += large_loops(cluster, quick=quick, large=large)
    return figures
