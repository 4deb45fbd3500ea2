"""Our pipelines, as a person would write them, and how one of them is started."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FLOWS = """
import milonga as ml
from milonga import Dataset, component, pipeline

IMAGE = "python:3.11"
TASKS = {tasks}

@component(image=IMAGE)
def nothing() -> None:
    pass

@component(image=IMAGE)
def add(number: int) -> int:
    return number + 1

@component(image=IMAGE)
def look(data: Dataset) -> str:
    return data.uri

@component(image=IMAGE, cache=False)
def started(number: int) -> None:
    import time

    print("cpu_s", time.process_time())

@pipeline(name="bench-long-loop")
def bench_long_loop() -> None:
    with ml.ParallelFor(list(range(TASKS)), parallelism={at_once}):
        nothing()

def _chain() -> None:
    nothing.options(name="t-0")()
    for at in range(1, TASKS):
        nothing.options(name=f"t-{{at}}", after=f"t-{{at - 1}}")()

def _loop() -> None:
    with ml.ParallelFor(list(range(TASKS))):
        nothing()

bench_chain = pipeline(name="bench-chain")(_chain)
bench_loop = pipeline(name="bench-loop")(_loop)
bench_fused_chain = pipeline(name="bench-fused-chain")(_chain)
bench_fused_loop = pipeline(name="bench-fused-loop")(_loop)

@pipeline(name="bench-values")
def bench_values(number: int = 0) -> int:
    for _ in range(TASKS):
        number = add(number)
    return number

@pipeline(name="bench-importer")
def bench_importer() -> str:
    return look(ml.importer("s3://bucket/data", Dataset))

@pipeline(name="bench-condition")
def bench_condition(number: int = 1) -> None:
    with ml.If(number > 0):
        nothing()
    with ml.Else():
        add(number)

@pipeline(name="bench-start")
def bench_start() -> None:
    with ml.ParallelFor(list(range(TASKS))) as at:
        started(at)
"""
"""The pipelines of this benchmark; steps have milonga's default settings, so what they make is kept for later runs."""


NAMES = tuple(re.findall(r'pipeline\(name="([-a-z]+)"\)', FLOWS))
"""Of the pipelines, as the cluster has them."""


class CannotFuse(Exception):
    """This milonga has no way to run several tasks in one pod."""


class NotSubmitted(Exception):
    """`milonga submit` has failed; the message is its last line."""


def at_once(tasks: int) -> int:
    """Pods of a long loop at the same time: 200 that start at once leave nothing of a small node to anybody, and of
    2 000 in tens each ten would wait for Argo's next look."""
    return max(10, tasks // 80)


def written(folder: Path, tasks: int) -> Path:
    """The file with the pipelines, of so many tasks where that can be chosen."""
    file = folder / "flows.py"
    file.write_text(FLOWS.format(tasks=tasks, at_once=at_once(tasks)), encoding="utf-8")
    return file


def submitted(flow: str, tasks: int, *, fuse: bool, use_cache: bool) -> str:
    """Start one of the pipelines as a person would, by the command line.

    Args:
        flow: its function.
        tasks: how many it has.
        fuse: whether tasks that fit each other share a pod.
        use_cache: whether results of earlier runs may be taken.

    Returns:
        The id of the run.

    Raises:
        CannotFuse: there is no such option.
        NotSubmitted: the command has failed.
    """
    command = [sys.executable, "-m", "milonga", "submit"]
    if fuse and "--fuse" not in subprocess.run([*command, "--help"], capture_output=True, text=True).stdout:
        raise CannotFuse("`milonga submit` has no --fuse")
    options = ["--to", "argo", "--json", *(["--fuse"] if fuse else []), *([] if use_cache else ["--no-cache"])]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        source = f"{written(Path(folder), tasks)}:{flow}"
        done = subprocess.run([*command, source, *options], capture_output=True, text=True)
    if done.returncode:
        raise NotSubmitted(f"{flow}: {done.stderr.strip()[-300:]}")
    return str(json.loads(done.stdout)["run_id"])
