"""flytekit: run steps that sleep, in this process, which runs them one after the other."""

import functools
import json
import sys
import time
from typing import Any

from flytekit import map_task, task, workflow


@task
def wait(number: int, seconds: float) -> int:
    """A step that waits."""
    time.sleep(seconds)
    return number


@task
def numbers(tasks: int) -> list[int]:
    """What a loop goes over."""
    return list(range(tasks))


def independent(tasks: int, seconds: float) -> Any:
    """Steps that need nothing of each other."""

    @workflow
    def beside() -> None:
        for number in range(tasks):
            wait(number=number, seconds=seconds)

    return beside


def loop(tasks: int, seconds: float) -> Any:
    """One step for each of `tasks` items."""

    @workflow
    def over() -> list[int]:
        return map_task(functools.partial(wait, seconds=seconds), concurrency=tasks)(number=numbers(tasks=tasks))

    return over


def main(tasks: int, seconds: float, shape: str) -> dict[str, float]:
    """Wall seconds of making and running it, twice: the first loads what later ones have."""
    walls = []
    for _ in range(2):
        before = time.perf_counter()
        {"independent": independent, "loop": loop}[shape](tasks, seconds)()
        walls.append(time.perf_counter() - before)
    return {"first_wall_s": walls[0], "wall_s": walls[1]}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
