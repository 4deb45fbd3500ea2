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


def compile_linear(tasks: int) -> None:
    """A chain of `tasks` steps; kfp traces it when it is decorated."""

    @dsl.pipeline(name="linear")
    def chain(x: int = 0) -> int:
        value = x
        for _ in range(tasks):
            value = add(a=value, b=1).output
        return value

    compiler.Compiler().compile(chain, "linear.yaml")


def measure(tasks: int, repeats: int) -> dict[str, float]:
    """Median CPU seconds of one compilation, the collector on as it is for a user, and the size of the file."""
    times = []
    for _ in range(repeats):
        gc.collect()
        before = time.process_time()
        compile_linear(tasks)
        times.append(time.process_time() - before)
    return {"cpu_s": statistics.median(times), "bytes": Path("linear.yaml").stat().st_size}


def main(sizes: list[int], repeats: int) -> dict[str, dict[str, float]]:
    """Smaller sizes are repeated more often."""
    measure(20, 2)
    return {str(tasks): measure(tasks, max(repeats, 300 // tasks)) for tasks in sizes}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
