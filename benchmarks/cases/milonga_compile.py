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


def measure(tasks: int, repeats: int) -> dict[str, float]:
    """Median CPU seconds of one compilation, the collector on as it is for a user, and the size of the file."""
    text, times = "", []
    for _ in range(repeats):
        gc.collect()
        before = time.process_time()
        text = ml.compile(linear(tasks), target="kfp", output="linear.yaml")
        times.append(time.process_time() - before)
    return {"cpu_s": statistics.median(times), "bytes": len(text.encode())}


def main(sizes: list[int], repeats: int) -> dict[str, dict[str, float]]:
    """Smaller sizes are repeated more often, so that each counts about as long."""
    measure(20, 3)
    return {str(tasks): measure(tasks, max(repeats, 1000 // tasks)) for tasks in sizes}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
