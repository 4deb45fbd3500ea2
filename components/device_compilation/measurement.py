"""Measures artefacts on this machine: one child process each, calls interleaved in rotating rounds.

Protocol: each process pins its threads, then calls the network until its time settles. Then `ROUNDS` rounds follow; in
each one every candidate gets its share of calls, and the order rotates, so that a slow phase of the machine hits all
of them. All times of a candidate are pooled: p50 and p95 are percentiles of single calls with one sample. Where other
work disturbed a measurement, all rounds are repeated, `ATTEMPTS` times in total, and each candidate keeps its least
disturbed one; what is still disturbed says so. A candidate whose process crashes or hangs fails alone.
"""

from __future__ import annotations

import math

from milonga.components.device_compilation.measurement_process import MeasurementError, MeasurementProcess
from milonga.components.device_compilation.timing import Artefact, Timing

ROUNDS = 8
ATTEMPTS = 3
CALLS_MIN = 50
CALLS_WANTED = 400
"""p95 of 400 calls rests on 20 of them; more only costs time."""


def measure_artefacts(
    artefacts: list[Artefact], *, threads: int, budget_s: float = 5.0, timeout_s: float = 60.0
) -> list[Timing | str]:
    """Measure all artefacts against each other.

    Args:
        artefacts: what to measure.
        threads: threads of each.
        budget_s: time for the calls of one artefact, in seconds; `CALLS_MIN` calls are made if they fit in it,
            and `ROUNDS` calls in any case.
        timeout_s: longest time for any answer of a process.

    Returns:
        For each artefact its times, or why there are none.
    """
    processes = [MeasurementProcess(item, threads=threads, timeout_s=timeout_s) for item in artefacts]
    failures: dict[int, str] = {}
    try:
        calls: dict[int, int] = {}
        for index, process in enumerate(processes):
            try:
                calls[index] = _calls_per_round(process.warm_up(), budget_s)
            except MeasurementError as reason:
                failures[index] = str(reason)
        best: dict[int, Timing] = {}
        for _ in range(ATTEMPTS):
            _run_rounds(processes, calls, failures)
            for index in calls.keys() - failures.keys():
                timing = processes[index].take_timing()
                if index not in best or timing.disturbance < best[index].disturbance:
                    best[index] = timing
            if not any(timing.is_noisy for timing in best.values()):
                break
        return [failures.get(index) or best[index] for index in range(len(processes))]
    finally:
        for process in processes:
            process.close()


def _run_rounds(processes: list[MeasurementProcess], calls: dict[int, int], failures: dict[int, str]) -> None:
    """Time every candidate that has not failed once a round; add those that fail to `failures`."""
    for turn in range(ROUNDS):
        for index in _rotated([index for index in calls if index not in failures], turn):
            try:
                processes[index].time_calls(calls[index])
            except MeasurementError as reason:
                failures[index] = str(reason)


def _calls_per_round(call_ms: float, budget_s: float) -> int:
    affordable = int(budget_s * 1e3 / max(call_ms, 1e-3))
    wanted = CALLS_WANTED if affordable >= 4 * CALLS_WANTED else CALLS_MIN
    return max(1, math.ceil(min(affordable, wanted) / ROUNDS))


def _rotated(items: list[int], turn: int) -> list[int]:
    start = turn % len(items) if items else 0
    return items[start:] + items[:start]
