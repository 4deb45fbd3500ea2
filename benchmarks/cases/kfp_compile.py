"""kfp: trace linear pipelines and write them as IR, many times in one warm process."""

import gc
import json
import statistics
import sys
import time
from pathlib import Path

from kfp import compiler, dsl


@dsl.component
def add(a: int, b: int = 1) -> int:
    """A step that does next to nothing."""
    return a + b


def once(tasks: int) -> tuple[float, int]:
    """CPU seconds of one compilation, the collector on as it is for a user; kfp traces when it decorates."""
    gc.collect()
    before = time.process_time()

    @dsl.pipeline(name="linear")
    def chain(x: int = 0) -> int:
        value = x
        for _ in range(tasks):
            value = add(a=value, b=1).output
        return value

    compiler.Compiler().compile(chain, "linear.yaml")
    return time.process_time() - before, Path("linear.yaml").stat().st_size


def main(sizes: list[int], rounds: int) -> dict[str, dict[str, float]]:
    """Medians over rounds through all sizes."""
    once(20)
    times: dict[int, list[float]] = {tasks: [] for tasks in sizes}
    written = {}
    for _ in range(rounds):
        for tasks in sizes:
            cpu_s, written[tasks] = once(tasks)
            times[tasks].append(cpu_s)
    return {str(tasks): {"cpu_s": statistics.median(times[tasks]), "bytes": written[tasks]} for tasks in sizes}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
