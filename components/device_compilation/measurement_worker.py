"""The child process of a measurement: loads one artefact, then times calls on request.

Started like `python -m milonga.components.device_compilation.measurement_worker`. It reads one JSON object a line from
stdin and answers each with one JSON line on stdout:

    {"predict": x.npy, "target": y.npy}   {} once the probabilities of the stored samples are written
    {"warm_up_s": limit}                  {"call_ms": time of one call, after it has settled}
    {"calls": n}                          {"wall_ms": [...], "cpu_ms": [...]}

What a runtime prints goes to stderr. A crash ends this process only.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

WINDOW_CALLS = 5
SETTLED = 0.05
"""Two windows of calls that differ by less than this share end the warm-up."""


def main() -> None:
    """Serve one artefact until stdin ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--backend", required=True)
    parser.add_argument("--artefact", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--shape", required=True, help="shape of one sample, comma-separated")
    arguments = parser.parse_args()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # a runtime that prints must not break the protocol
    network, sample = _load(arguments)
    gc.disable()
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, Any] = {}
        if "predict" in request:
            _predict(network, Path(request["predict"]), Path(request["target"]))
        elif "warm_up_s" in request:
            answer = {"call_ms": _warm_up(network, sample, float(request["warm_up_s"]))}
        else:
            answer = _time_calls(network, sample, int(request["calls"]))
        answers.write(json.dumps(answer) + "\n")


def _load(arguments: argparse.Namespace) -> tuple[Any, Any]:
    import numpy as np

    from milonga.components.device_compilation.backends import find_backend

    shape = (1, *(int(size) for size in arguments.shape.split(",")))
    sample = np.random.default_rng(0).random(shape, dtype=np.float32)
    network = find_backend(arguments.backend).load(Path(arguments.artefact), threads=arguments.threads)
    return network, sample


def _predict(network: Any, source: Path, target: Path) -> None:
    import numpy as np

    from milonga.components.device_compilation.network_input import batches

    stored = np.load(source, mmap_mode="r", allow_pickle=False)
    np.save(target, np.concatenate([network.run(batch) for batch in batches(stored)]), allow_pickle=False)


def _warm_up(network: Any, sample: Any, limit_s: float) -> float:
    """Call until two windows agree or the time is over; the mean time of a call in the last window, in ms."""
    end = time.perf_counter() + limit_s
    before = 0.0
    while True:
        start = time.perf_counter()
        for _ in range(WINDOW_CALLS):
            network.run(sample)
            if time.perf_counter() > end:
                break
        now = (time.perf_counter() - start) / WINDOW_CALLS
        if abs(now - before) < SETTLED * now or time.perf_counter() > end:
            return now * 1e3
        before = now


def _time_calls(network: Any, sample: Any, calls: int) -> dict[str, Any]:
    wall_ms, cpu_ms = [], []
    network.run(sample)  # fills the caches that the candidates before have emptied
    for _ in range(calls):
        cpu, wall = time.process_time(), time.perf_counter()
        network.run(sample)
        wall_ms.append((time.perf_counter() - wall) * 1e3)
        cpu_ms.append((time.process_time() - cpu) * 1e3)
    return {"wall_ms": wall_ms, "cpu_ms": cpu_ms}


if __name__ == "__main__":
    main()
