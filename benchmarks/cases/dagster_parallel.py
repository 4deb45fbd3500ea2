"""Dagster: run steps that sleep, in this process, which runs them one after the other."""

import json
import sys
import time
from typing import Any

from dagster import DynamicOut, DynamicOutput, job, op


@op
def wait(item: tuple[int, float]) -> int:
    """A step that waits."""
    time.sleep(item[1])
    return item[0]


def independent(tasks: int, seconds: float) -> Any:
    """Steps that need nothing of each other."""

    @job
    def beside() -> None:
        for number in range(tasks):

            @op(name=f"wait_{number}")
            def one(number: int = number) -> int:
                time.sleep(seconds)
                return number

            one()

    return beside


def loop(tasks: int, seconds: float) -> Any:
    """One step for each of `tasks` items."""

    @op(out=DynamicOut(tuple))
    def items() -> Any:
        for number in range(tasks):
            yield DynamicOutput((number, seconds), str(number))

    @job
    def over() -> None:
        items().map(wait)

    return over


def main(tasks: int, seconds: float, shape: str) -> dict[str, float]:
    """Wall seconds of the run, twice: the first loads what later ones have."""
    walls = []
    for _ in range(2):
        before = time.perf_counter()
        if not {"independent": independent, "loop": loop}[shape](tasks, seconds).execute_in_process().success:
            raise RuntimeError("it failed")
        walls.append(time.perf_counter() - before)
    return {"first_wall_s": walls[0], "wall_s": walls[1]}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
