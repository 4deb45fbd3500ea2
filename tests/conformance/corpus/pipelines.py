"""Where the pipeline files of this corpus come from: `milonga compile pipelines.py:NAME -o NAME.yaml` for each.

The files are kept as they are, so that a change of the compiler does not change what the checker is proven with.
"""

import os
import random
import time
from pathlib import Path
from typing import NamedTuple

import milonga as ml
from milonga import Artifact, Dataset, Metrics, component, pipeline


class Made(NamedTuple):
    data: Dataset
    folder: Artifact
    scores: Metrics
    count: int
    share: float
    words: list[str]
    table: dict


@component
def make(text: str, *, count: int = 3) -> Made:
    data = Dataset.create_file("data")
    data.write_text(text * count)
    data.metadata["rows"] = count
    folder = Artifact.create("folder")
    (folder.path / "inner").mkdir(parents=True)
    (folder.path / "a.txt").write_text("a")
    (folder.path / "inner" / "b.txt").write_text("b")
    scores = Metrics.create("scores")
    scores.metadata["accuracy"] = 0.5
    print("first line")
    print(f"text has {len(text)} characters")
    print("last line")
    return Made(data, folder, scores, count, count / 4, [text, text], {"count": count, "text": text[:3]})


@component
def double(data: Dataset, *, times: int) -> Dataset:
    made = Dataset.create_file()
    made.write_text(data.read_text() * times)
    return made


@component(cache=False)
def joined(items: list[Dataset]) -> str:
    return "+".join(item.read_text() for item in items)


@component
def measure(given: Dataset) -> int:
    return len(given.read_text()) + given.metadata["offset"]


class Values(NamedTuple):
    count: int
    words: list[str]
    text: str
    data: Dataset
    doubles: list[Dataset]


@component
def say(text: str) -> str:
    print(text)
    return text


@pipeline
def values(given: Dataset, text: str = "xy", count: int = 3) -> Values:
    """Parameters, artifacts of every form, logs, a loop, a branch that does not run, the cache."""
    made = make(text, count=count)
    length = measure(given)
    with ml.ParallelFor([1, 2, 3], parallelism=2) as times:
        doubled = double(made.data, times=times)
    all_of_them = joined(ml.Collected(doubled))
    with ml.If(length > 1000):
        say("long")
    return Values(made.count, made.words, all_of_them, made.data, ml.Collected(doubled))


@component(retries=2, backoff_s=0)
def flaky(counter: str, fails: int) -> int:
    path = Path(counter)
    attempt = int(path.read_text() if path.exists() else "0") + 1
    path.write_text(str(attempt))
    print(f"attempt {attempt}")
    if attempt <= fails:
        raise RuntimeError("on purpose")
    return attempt


@component
def broken(message: str) -> str:
    raise ValueError(message)


class Failing(NamedTuple):
    attempt: int
    late: str


@pipeline
def failing(counter: str, fails: int = 1) -> Failing:
    """A retry that helps, a failure, what comes after it, and an exit task."""
    with ml.ExitHandler(say, "the end"):
        attempt = flaky(counter, fails)
        late = broken("on purpose")
        say(late)
    return Failing(attempt, late)


@component(cache=False)
def flip() -> int:
    return random.SystemRandom().randrange(100)


@pipeline
def coin() -> str:
    """What comes out is left to chance, and still not arbitrary."""
    number = flip()
    with ml.If(number < 50):
        low = say("low")
    with ml.Else():
        high = say("high")
    return say(ml.OneOf(low, high))


@component
def sleep_for(seconds: float) -> None:
    time.sleep(seconds)


@component(secrets={"MY_PASSWORD": "vault/password"})
def unlock() -> str:
    return os.environ["MY_PASSWORD"].upper()


@pipeline
def guarded() -> str:
    """A secret, and a loop that runs one iteration at a time before everything else."""
    with ml.ParallelFor([0.02, 0.01, 0.03], parallelism=1) as seconds:
        rest = sleep_for(seconds)
    with ml.ParallelFor([0.3, 0.3], parallelism=2) as seconds:
        sleep_for(seconds)
    return unlock.options(after=rest)()


@component
def kinds_of(table: dict, items: list, share: float) -> str:
    return f"{table} {items} {share}"


@component
def label_of(variable: str) -> str:
    return f"<{os.environ[variable]}>"


@component
def write(text: str) -> Dataset:
    made = Dataset.create_file()
    made.write_text(text)
    return made


class Details(NamedTuple):
    kinds: str
    label: str
    no_label: str
    pieces: list[Dataset]


@pipeline
def details(table: dict = {"whole": 1, "half": 0.5}) -> Details:  # noqa: B006 - a pipeline's default is data
    """What is easily got wrong. After compiling: `1.0` for each whole number, and the second document, by hand."""
    kinds = kinds_of(table, [1, [2.5, 3]], 4.0)
    label = label_of("LABEL")
    no_label = label_of.options(after=label)("NO_LABEL")
    with ml.ParallelFor(["a", "b"]):
        with ml.ParallelFor(["x", "y"]) as text:
            piece = write(text)
    return Details(kinds, label, no_label, ml.Collected(piece))
