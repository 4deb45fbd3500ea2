"""The benchmark of the Argo target. Nothing is timed here: that is what `python -m benchmarks argo` is for."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.cluster.cluster import Cluster, ClusterMissing, RunFailed  # noqa: E402 - a folder of the checkout
from benchmarks.cluster.containers_cpu import ContainersCpu  # noqa: E402
from benchmarks.cluster.flows import NAMES, at_once, written  # noqa: E402
from benchmarks.cluster.large_loops import large_loops  # noqa: E402
from benchmarks.cluster.outcome import Outcome  # noqa: E402
from benchmarks.cluster.plain import plain_chain, plain_loop  # noqa: E402
from benchmarks.cluster.shapes import shapes  # noqa: E402
from benchmarks.cluster.watched_run import WatchedRun  # noqa: E402
from benchmarks.suite import ON_A_CLUSTER, SUITE  # noqa: E402

from milonga.backends.argo.bundle import Bundle  # noqa: E402
from milonga.compiler.interop.sources import read_source  # noqa: E402
from milonga.compiler.targets import target_named  # noqa: E402

RUN = WatchedRun("run", 10.0, 20, 20, 45_000, 40_000, 50_000, False, 12.0)


class RecordedCluster:
    """Runs that were seen before: a plain one, and ours, which takes a tenth longer."""

    def plain(self, workflow: Any) -> WatchedRun:
        return RUN

    def ours(
        self, flow: str, tasks: int = 1, *, fuse: bool = False, keep_pods: bool = True, limit_s: float = 0
    ) -> WatchedRun:
        return replace(RUN, wall_s=11.0)


def bundle_of(name: str, tasks: int, folder: Path) -> Bundle:
    source = read_source(f"{written(folder, tasks)}:{name.replace('-', '_')}")
    return Bundle.from_text(target_named("argo").emit(source.graph))


def test_nobody_gets_pods_without_asking_for_them() -> None:
    assert "argo" in ON_A_CLUSTER and "argo" not in SUITE


def test_without_a_cluster_the_benchmark_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(ClusterMissing, match="KUBECONFIG"):
        Cluster.reached()


def test_a_cluster_that_does_not_answer_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("kubernetes")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nothing"))
    with pytest.raises(ClusterMissing, match="E934"):
        Cluster.reached()


@pytest.mark.slow
def test_the_command_ends_without_a_cluster(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    command = [sys.executable, "-m", "benchmarks", "argo", "--quick"]
    done = subprocess.run(
        command, cwd=ROOT, env={**environment, "MILONGA_CONFORMANCE": str(tmp_path)}, capture_output=True, text=True
    )
    assert "KUBECONFIG names no cluster" in done.stdout
    assert done.returncode in (0, 1) and not done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_pipeline_of_the_benchmark_compiles(name: str, tmp_path: Path) -> None:
    assert bundle_of(name, 2, tmp_path).name == name


def test_ours_and_the_plain_chain_have_the_same_tasks_in_the_same_order(tmp_path: Path) -> None:
    plain = {task["name"]: task.get("depends", "") for task in plain_chain(4)["spec"]["templates"][0]["dag"]["tasks"]}
    templates = bundle_of("bench-chain", 4, tmp_path).template["spec"]["templates"]
    (main,) = [item for item in templates if item["name"] == "main"]
    ours = {task["name"]: task.get("depends", "").replace(".Succeeded", "") for task in main["dag"]["tasks"]}
    assert plain == ours == {"t-0": "", "t-1": "t-0", "t-2": "t-1", "t-3": "t-2"}
    assert plain_loop(4)["spec"]["templates"][0]["dag"]["tasks"][0]["withSequence"] == {"count": "4"}


def test_a_long_loop_leaves_the_node_to_others(tmp_path: Path) -> None:
    templates = bundle_of("bench-long-loop", 4, tmp_path).template["spec"]["templates"]
    assert [item["parallelism"] for item in templates if "parallelism" in item] == [at_once(4)]
    assert (at_once(200), at_once(2_000)) == (10, 25)
    assert "parallelism" not in plain_loop(4)["spec"] and plain_loop(4, at_once=2)["spec"]["parallelism"] == 2


def test_a_run_that_fails_is_told_and_not_tried_again() -> None:
    tries = []

    def failing() -> WatchedRun:
        tries.append(1)
        raise RunFailed("run-1 has ended as Failed: no node")

    outcome = Outcome()
    outcome.add(lambda: RUN)
    outcome.add(failing)
    outcome.add(failing)
    assert outcome.least(lambda run: run.wall_s) is None and "no node" in outcome.failure and len(tries) == 1


def test_the_shapes_are_compared_with_the_plain_ones_and_with_what_is_known_of_kfp() -> None:
    found: Any = shapes(RecordedCluster(), quick=False)  # type: ignore[arg-type] # runs nothing
    by_name = {(figure.what, figure.tool): figure for figure in found}
    slower = by_name["chain of 20: wall", "milonga / plain"]
    assert slower.value == pytest.approx(1.1) and slower.verdict == "yes"
    assert by_name["chain of 20: Workflow", "milonga / KFP"].value == pytest.approx(40_000 / 180_000)
    assert by_name["loop of 20: CPU a pod", "plain Argo"].value == pytest.approx(0.6)
    assert not any(figure.is_missed for figure in found)


def test_a_large_loop_is_run_only_where_it_is_asked_for() -> None:
    cluster: Any = RecordedCluster()
    small = {figure.what for figure in large_loops(cluster, quick=True, large=False)}
    assert {figure.what for figure in large_loops(cluster, quick=True, large=True)} - small == {
        f"loop of 2000: {what}"
        for what in ("pods", "wall", "Workflow at its peak", "Workflow at the end", "an iteration")
    }


@pytest.mark.parametrize("version", [1, 2])
def test_cpu_is_read_for_the_containers_that_are_asked_for(version: int, tmp_path: Path) -> None:
    mine, other = "a" * 64, "b" * 64
    for id, seconds in ((mine, 2), (other, 5)):
        place = tmp_path / (f"cpuacct/k8s.io/{id}" if version == 1 else f"kubepods.slice/pod.slice/cri-{id}.scope")
        place.mkdir(parents=True)
        if version == 1:
            (place / "cpuacct.usage").write_text(f"{seconds * 10**9}\n")
        else:
            (place / "cpu.stat").write_text(f"usage_usec {seconds * 10**6}\nuser_usec 1\n")
    cpu = ContainersCpu(tmp_path)
    cpu.look()
    assert cpu.used_s([mine, "c" * 64]) == 2.0


def test_cpu_of_another_machine_is_not_known(tmp_path: Path) -> None:
    with ContainersCpu(tmp_path) as cpu:
        pass
    assert cpu.used_s(["a" * 64]) is None


@pytest.mark.cluster
@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster")
def test_a_run_on_a_cluster_is_counted_and_removed() -> None:
    with Cluster.reached() as cluster:
        plain, ours = cluster.plain(plain_loop(1)), cluster.ours("bench_values")
    assert (plain.pods, plain.pod_nodes, ours.pods, ours.pod_nodes) == (1, 1, 1, 1)
    assert 1_000 < plain.own_bytes < plain.final_bytes < ours.final_bytes <= ours.peak_bytes < 100_000
