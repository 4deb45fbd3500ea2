"""Pipelines whose steps do on a cluster what a test tells them through a secret."""

import milonga as ml
from milonga import Dataset, component, pipeline

IMAGE = "python:3.11"
SECRET = "milonga-fault-mode"
MODE = {"MODE": f"{SECRET}/mode"}


@component(image=IMAGE)
def write(lines: int) -> Dataset:
    """Appends half of its lines, then waits or fails if MODE says so, else appends the other half."""
    import os
    import time

    mode = os.environ["MODE"]
    made = Dataset.create()
    made.path.mkdir(exist_ok=True)
    for half in range(2):
        with (made.path / "lines.txt").open("a") as stream:
            stream.writelines(f"{half} {number} {mode}\n" for number in range(lines))
        (made.path / f"{half} {mode}").touch()
        made.metadata[f"{half} {mode}"] = lines
        print("wrote half", half, mode, flush=True)
        if half == 0 and mode == "wait":
            time.sleep(900)
        if half == 0 and mode == "fail":
            raise ValueError("failed after one half")
    return made


@component(image=IMAGE)
def read(data: Dataset) -> dict:
    """What arrived: the lines, the files and the metadata."""
    names = sorted(path.name for path in data.path.iterdir())
    text = (data.path / "lines.txt").read_text()
    return {"lines": text.splitlines(), "files": names, "metadata": dict(data.metadata)}


@pipeline
def fault_retried(lines: int = 3) -> dict:
    return read(write.options(secrets=MODE, retries=4, backoff_s=2)(lines))


@pipeline
def fault_once(lines: int = 3) -> dict:
    return read(write.options(secrets=MODE)(lines))


@component(image=IMAGE)
def nap(number: int, seconds: float) -> int:
    import time

    print("napping", number, flush=True)
    time.sleep(seconds)
    return number + 1


@component(image=IMAGE)
def add(numbers: list[int]) -> int:
    return sum(numbers)


@pipeline
def fault_naps(seconds: float = 5.0) -> int:
    """1 + 1 + 1 by a chain, and that often again by a loop."""
    first = nap(0, seconds)
    second = nap(first, seconds)
    with ml.ParallelFor([1, 2, 3]):
        third = nap(second, seconds)
    return add(ml.Collected(third))


@component(image=IMAGE)
def allocate(megabytes: int) -> int:
    """Takes memory that is really used, piece by piece."""
    taken = [b"x" * 1_000_000 for _ in range(megabytes)]
    return len(taken)


@pipeline
def fault_memory(megabytes: int = 400) -> int:
    return allocate.options(memory="100Mi")(megabytes)


@pipeline
def fault_shared_memory(megabytes: int = 400) -> int:
    """Two steps in one pod, which has the memory of the one that wants too much."""
    nap.options(together="one")(1, 0.0)
    return allocate.options(memory="150Mi", together="one")(megabytes)


@pipeline
def fault_image() -> int:
    return nap.options(image="registry.invalid/milonga/no-such-image:1")(1, 0.0)


@pipeline
def fault_room() -> int:
    return nap.options(memory="900Ti")(1, 0.0)


@component(image=IMAGE)
def vanish(number: int) -> int:
    """Ends its process as a library's `exit` would: with code 0, in the middle."""
    import os

    os._exit(0)


@pipeline
def fault_vanishing() -> int:
    return nap(vanish.options(retries=1)(1), 0.0)
