"""The pipelines behind the golden files. A change here, or in how they compile, shows as a change of a file to read."""

from typing import Literal, NamedTuple

import milonga as ml
from milonga import Dataset, Metrics, Model, component, pipeline


class Trained(NamedTuple):
    model: Model
    accuracy: float


@component
def load(uri: str, *, rows: int = 100) -> Dataset:
    """Read a table.

    Args:
        uri: where it is.
        rows: how many rows to read.
    """
    data = Dataset.create_file()
    data.write_text(uri * rows)
    return data


@component(packages=["scikit-learn>=1.5"], cpu="2", memory="4Gi", retries=2, backoff_s=10)
def train(data: Dataset, *, rate: float = 0.1, mode: Literal["fast", "exact"] = "fast") -> Trained:
    """Fit a model."""
    model = Model.create()
    (model.path / mode).write_text(data.read_text())
    return Trained(model, rate)


@component
def best(values: list[float]) -> float:
    return max(values)


@component
def compare(model: Model, others: list[Model]) -> Metrics:
    metrics = Metrics.create()
    metrics.log("others", len(others))
    return metrics


@component
def send(text: str) -> None:
    print(text)


@component
def notify(text: str, status: ml.TaskFinalStatus) -> None:
    print(text, status.state)


@pipeline(display_name="A straight line")
def straight_line(uri: str = "s3://bucket/table.csv", rate: float = 0.5) -> Trained:
    """Load, then train.

    Args:
        uri: where the table is.
    """
    return train(load(uri, rows=10), rate=rate)


@pipeline
def branches(uri: str, rate: float = 0.5) -> Model:
    """A choice between two models."""
    data = load(uri)
    with ml.If((rate > 0.5) & (uri != "it's")):
        fast = train(data, rate=rate)
    with ml.Elif(rate > 0.1):
        exact = train(data, rate=rate, mode="exact")
    with ml.Else():
        default = train(data)
    model = ml.OneOf(fast.model, exact.model, default.model)
    return model


@pipeline
def loops(rates: list[float]) -> float:
    """Loops, one in the other, and what they collect."""
    data = load("here")
    with ml.ParallelFor(rates, parallelism=2) as rate:
        trained = train(data, rate=rate)
        with ml.ParallelFor([{"text": "a"}, {"text": "b"}]) as item:
            send(item["text"])
    compare(train(data).model, ml.Collected(trained.model))
    return best(ml.Collected(trained.accuracy))


@pipeline
def guarded(uri: str) -> float:
    """An exit task, an importer, an order by name, and a pipeline inside."""
    with ml.ExitHandler(notify, "done"):
        data = ml.importer(uri, Dataset, metadata={"rows": 3})
        made = train(data)
        inner = straight_line(uri)
        send.options(name="last", after=[made, "straight-line"], ignore_upstream_failure=True)("end")
    return inner.accuracy


@pipeline
def on_kubernetes() -> None:
    """What only a cluster understands."""
    send.options(
        image="python:3.12-slim@sha256:" + "5" * 64,
        gpu=1,
        timeout_s=60,
        cache=False,
        environment={"LEVEL": "3"},
        secrets={"TOKEN": "registry/token"},
        node_selector={"disk": "ssd"},
    )("a")
    send.options(cache_key="v1", display_name="Send it")("b")


PIPELINES = (straight_line, branches, loops, guarded, on_kubernetes)
