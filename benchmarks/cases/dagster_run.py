"""Dagster: run steps that do next to nothing, all of them in this process."""

import json
import sys
from typing import Any

from dagster import DynamicOut, DynamicOutput, job, op


@op
def zero() -> int:
    """Where a chain begins."""
    return 0


@op
def add(a: int) -> int:
    """A step that does next to nothing."""
    return a + 1


def linear(tasks: int) -> Any:
    """A chain of `tasks` steps."""

    @job
    def chain() -> None:
        value = zero()
        for _ in range(tasks - 1):
            value = add(value)

    return chain


def loop(tasks: int) -> Any:
    """One step for each of `tasks` items, and one that makes the items."""

    @op(out=DynamicOut(int))
    def items() -> Any:
        for number in range(tasks):
            yield DynamicOutput(number, str(number))

    @job
    def over() -> None:
        items().map(add)

    return over


def main(tasks: int, shape: str = "linear") -> dict[str, int]:
    """Runs it."""
    if not {"linear": linear, "loop": loop}[shape](tasks).execute_in_process().success:
        raise RuntimeError("it failed")
    return {"tasks": tasks}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
