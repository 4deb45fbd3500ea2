"""flytekit: run steps that do next to nothing, all of them in this process."""

import json
import sys
import time
from typing import Any

from flytekit import map_task, task, workflow


@task
def add(a: int, b: int = 1) -> int:
    """A step that does next to nothing."""
    return a + b


@task(cache=True, cache_version="1")
def cached_add(a: int, b: int = 1) -> int:
    """The same; flytekit keeps its result on disk."""
    return a + b


@task
def numbers(tasks: int) -> list[int]:
    """What a loop goes over."""
    return list(range(tasks))


@task
def count(items: list[int]) -> int:
    """How many there are."""
    return len(items)


def linear(tasks: int, cache: bool) -> Any:
    """A chain of `tasks` steps."""
    step = cached_add if cache else add

    @workflow
    def chain(x: int = 0) -> int:
        value = x
        for _ in range(tasks):
            value = step(a=value, b=1)
        return value

    return chain


def loop(tasks: int, cache: bool) -> Any:
    """One step for each of `tasks` items, and one that makes the items."""

    @workflow
    def over() -> int:
        return count(items=map_task(add)(a=numbers(tasks=tasks), b=[1] * tasks))

    return over


def main(tasks: int, shape: str = "linear", cache: bool = False) -> dict[str, float]:
    """CPU and wall seconds of making and running it."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    if {"linear": linear, "loop": loop}[shape](tasks, cache)() != tasks:
        raise RuntimeError("a wrong result")
    return {"cpu_s": time.process_time() - cpu_s, "wall_s": time.perf_counter() - wall_s}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
