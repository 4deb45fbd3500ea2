"""flytekit: run a chain of steps that do next to nothing, all of them in this process."""

import json
import sys
from typing import Any

from flytekit import task, workflow


@task
def add(a: int, b: int = 1) -> int:
    """A step that does next to nothing."""
    return a + b


def linear(tasks: int) -> Any:
    """A chain of `tasks` steps."""

    @workflow
    def chain(x: int = 0) -> int:
        value = x
        for _ in range(tasks):
            value = add(a=value, b=1)
        return value

    return chain


def main(tasks: int) -> dict[str, int]:
    """Runs it."""
    if linear(tasks)() != tasks:
        raise RuntimeError("a wrong result")
    return {"tasks": tasks}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
