"""Trace linear pipelines and write them as KFP IR, many times in one warm process."""

import gc
import json
import statistics
import sys
import time
from typing import Any

import milonga as ml


@ml.component
def add(a: int, b: int = 1) -> int:
    """A step that does next to nothing."""
    return a + b


def linear(tasks: int) -> Any:
    """A chain of `tasks` steps."""

    @ml.pipeline(name="linear")
    def chain(x: int = 0) -> int:
        for _ in range(tasks):
            x = add(x, 1)
        return x

    return chain


def once(tasks: int) -> tuple[float, int]:
    """CPU seconds of one compilation, the collector on as it is for a user, and the size of the file."""
    gc.collect()
    before = time.process_time()
    text = ml.compile(linear(tasks), target="kfp", output="linear.yaml")
    return time.process_time() - before, len(text.encode())


def main(sizes: list[int], rounds: int) -> dict[str, dict[str, float]]:
    """Medians over rounds through all sizes; small ones are repeated, so that each counts about as long."""
    once(20)
    times: dict[int, list[float]] = {tasks: [] for tasks in sizes}
    written = {}
    for _ in range(rounds):
        for tasks in sizes:
            for _ in range(max(1, 1000 // tasks)):
                cpu_s, written[tasks] = once(tasks)
                times[tasks].append(cpu_s)
    return {str(tasks): {"cpu_s": statistics.median(times[tasks]), "bytes": written[tasks]} for tasks in sizes}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
