"""Run a pipeline of steps that do next to nothing."""

import json
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


def loop(tasks: int) -> Any:
    """A loop of `tasks` iterations."""

    @ml.pipeline(name="loop")
    def over(x: int = 0) -> None:
        with ml.ParallelFor(list(range(tasks))) as item:
            add(item, x)

    return over


def main(
    tasks: int, shape: str = "linear", mode: Any = "isolated", cache: bool = False, warm: bool = False
) -> dict[str, Any]:
    """CPU and wall seconds of tracing and running, and how many steps came from the cache.

    The first run in a process loads the engine; with `warm` a small one has done so before the clock starts.
    """
    if warm:
        ml.run(linear(1), mode=mode, cache=cache).raise_for_state()
    make = {"linear": linear, "loop": loop}[shape]
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    result = ml.run(make(tasks), mode=mode, cache=cache).raise_for_state()
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    steps = [task for task in result.tasks.values() if task.kind == "step"]
    return {"steps": len(steps), "cached": sum(task.cached for task in steps), "cpu_s": cpu_s, "wall_s": wall_s}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
