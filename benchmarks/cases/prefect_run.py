"""Prefect: run steps that do next to nothing. Each process starts a server of its own, which counts as its child."""

import json
import os
import sys
import time
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import INPUTS

SETTLE_S = 3.0
"""How long the server may go on writing down what the flow has sent it."""


@task
def add(a: int, b: int = 1) -> int:
    """A step that does next to nothing."""
    return a + b


@flow
def linear(tasks: int, cache: bool) -> int:
    """A chain of `tasks` steps."""
    step = add.with_options(cache_policy=INPUTS, persist_result=True) if cache else add
    value = 0
    for _ in range(tasks):
        value = step(value)
    return value


@flow
def loop(tasks: int, cache: bool) -> int:
    """One step for each of `tasks` items, in threads."""
    return len([made.result() for made in add.map(list(range(tasks)))])


def tree_cpu_s() -> float:
    """CPU seconds so far of this process and of its children, which are its server."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            ticks += int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def main(tasks: int, shape: str = "linear", cache: bool = False) -> dict[str, float]:
    """CPU seconds of this process and its server, and wall seconds, of a flow in a process whose server has started;
    the server's time counts until a moment after the flow, for it writes behind."""
    linear(1, False)
    cpu_s, wall_s = tree_cpu_s(), time.perf_counter()
    if {"linear": linear, "loop": loop}[shape](tasks, cache) != tasks:
        raise RuntimeError("a wrong result")
    wall_s = time.perf_counter() - wall_s
    time.sleep(SETTLE_S)
    return {"cpu_s": tree_cpu_s() - cpu_s, "wall_s": wall_s}


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
