"""Prefect: run steps that sleep, side by side in threads."""

import json
import sys
import time

from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner


@task
def wait(number: int, seconds: float) -> int:
    """A step that waits."""
    time.sleep(seconds)
    return number


@flow
def independent(tasks: int, seconds: float) -> int:
    """Steps that need nothing of each other."""
    futures = [wait.submit(number, seconds) for number in range(tasks)]
    return sum(future.result() for future in futures)


@flow
def loop(tasks: int, seconds: float) -> int:
    """One step for each of `tasks` items."""
    return sum(future.result() for future in wait.map(list(range(tasks)), seconds=seconds))


def main(tasks: int, seconds: float, shape: str) -> dict[str, float]:
    """Wall seconds of the run, twice: the first starts the server."""
    chosen = {"independent": independent, "loop": loop}[shape]
    ready = chosen.with_options(task_runner=ThreadPoolTaskRunner(max_workers=tasks))
    walls = []
    for _ in range(2):
        before = time.perf_counter()
        if ready(tasks, seconds) != sum(range(tasks)):
            raise RuntimeError("a wrong result")
        walls.append(time.perf_counter() - before)
    return {"first_wall_s": walls[0], "wall_s": walls[1]}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
