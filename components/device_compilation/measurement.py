"""Measures artefacts on this machine: one child process each, calls interleaved in rotating rounds.

Protocol: each process pins its threads, then calls the network until its time settles. Then `ROUNDS` rounds follow; in
each one every candidate gets its share of calls, and the order rotates, so that a slow phase of the machine hits all
of them. All times of a candidate are pooled: p50 and p95 are percentiles of single calls with one
sample. A candidate whose process crashes or hangs fails alone.
"""

from __future__ import annotations

import math

from milonga.components.device_compilation.measurement_process import MeasurementError, MeasurementProcess
from milonga.components.device_compilation.timing import Artefact, Timing

ROUNDS = 8
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
        for turn in range(ROUNDS):
            for index in _rotated(list(calls), turn):
                if index not in failures:
                    _measure_once(index, processes[index], calls[index], failures)
        return [failures.get(index) or process.timing() for index, process in enumerate(processes)]
    finally:
        for process in processes:
            process.close()


def _measure_once(index: int, process: MeasurementProcess, calls: int, failures: dict[int, str]) -> None:
    try:
        process.time_calls(calls)
    except MeasurementError as reason:
        failures[index] = str(reason)


def _calls_per_round(call_ms: float, budget_s: float) -> int:
    affordable = int(budget_s * 1e3 / max(call_ms, 1e-3))
    wanted = CALLS_WANTED if affordable >= 4 * CALLS_WANTED else CALLS_MIN
    return max(1, math.ceil(min(affordable, wanted) / ROUNDS))


def _rotated(items: list[int], turn: int) -> list[int]:
    start = turn % len(items) if items else 0
    return items[start:] + items[:start]
