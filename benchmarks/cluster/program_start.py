"""What our program in a pod takes before and after the user's function."""

from __future__ import annotations

import statistics

from benchmarks.cluster.cluster import Cluster
from benchmarks.cluster.outcome import Outcome
from benchmarks.figures import Bar, Figure
from benchmarks.measurement import Case, interleave

START = Bar(0.15)
PODS = 5


def program_start(*, quick: bool) -> list[Figure]:
    """As processes of this machine, whose CPU the kernel counts to the end."""
    case = Case("milonga", "pod_start", {"rounds": 3 if quick else 9})
    found = interleave({"milonga": case}, repeats=1)["milonga"]
    what, note = "start in a pod", found.failure or f"Python's own included; {_modules(found.reported('modules'))}"
    return [
        Figure(f"{what}, here", "python3 -c pass", found.reported("bare_cpu_s"), "CPU s", note=found.failure),
        Figure(f"{what}, here", "milonga", found.reported("cpu_s"), "CPU s", START, note),
        Figure(f"{what}, here: to the function", "milonga", found.reported("before_cpu_s"), "CPU s"),
        Figure(f"{what}, here: after it", "milonga", found.reported("after_cpu_s"), "CPU s"),
    ]


def start_in_pods(cluster: Cluster) -> list[Figure]:
    """The first half of it, as the function itself sees it in a real pod."""
    outcome = Outcome.of(lambda: cluster.ours("bench_start", PODS))
    printed = [line.split() for run in outcome.runs for line in cluster.printed(run)]
    seconds = [float(words[1]) for words in printed if len(words) == 2 and words[0] == "cpu_s"]
    note = outcome.failure or f"median of {len(seconds)} pods at once"
    value = statistics.median(seconds) if seconds else None
    return [Figure("start in a pod, there: to the function", "milonga", value, "CPU s", note=note)]


def _modules(count: float | None) -> str:
    return f"{count or 0:.0f} modules loaded"
