"""Pipelines as authors write them. Both type checkers must accept every line, and reveal these types.

A comment `# reveals TYPE` after `reveal_type(...)` is what both must answer.
"""

# ruff: noqa: F821 - reveal_type is known to type checkers only
# pyright: reportUnusedExpression=false
from dataclasses import dataclass
from typing import Literal, NamedTuple

import milonga as ml
from milonga import Dataset, Metrics, Model, component, pipeline


class Trained(NamedTuple):
    model: Model
    accuracy: float


@dataclass
class Scores:
    precision: float
    recall: float


class Table(Dataset):
    pass


@component
def load(uri: str, *, rows: int | None = None) -> Table:
    return Table.create()


@component(cpu="2", packages=["torch"])
def train(data: Dataset, *, epochs: int = 10, rate: float = 0.1, mode: Literal["fast", "exact"] = "fast") -> Trained:
    return Trained(Model.create(), 0.5)


@component
def score(model: Model) -> Scores:
    return Scores(0.5, 0.5)


@component
def number(value: int) -> int:
    return value


@component
def numbers() -> list[int]:
    return [1]


@component
def total(values: list[int]) -> int:
    return sum(values)


@component
def totals(values: list[list[int]]) -> int:
    return 0


@component
def merge(data: list[Dataset]) -> Metrics:
    return Metrics.create()


@component
def notify(channel: str, status: ml.TaskFinalStatus) -> None:
    return None


@component
def flag() -> bool:
    return True


@pipeline
def inner(uri: str, epochs: int = 1) -> Trained:
    return train(load(uri), epochs=epochs)


@pipeline(name="outer")
def outer(uri: str, threshold: float = 0.5) -> Model:
    data = load(uri)
    reveal_type(data)  # reveals Table
    trained = train(data, epochs=3, mode="exact")
    reveal_type(trained)  # reveals Trained
    reveal_type(trained.model)  # reveals Model
    reveal_type(trained.accuracy)  # reveals float
    model, accuracy = trained
    reveal_type(model)  # reveals Model
    reveal_type(accuracy)  # reveals float
    reveal_type(train.options(gpu=1, retries=2)(data))  # reveals Trained
    reveal_type(score(model).recall)  # reveals float
    reveal_type(inner(uri).accuracy)  # reveals float
    reveal_type(inner.options(cache=False)(uri, epochs=2).model)  # reveals Model
    reveal_type(ml.importer(uri, Table))  # reveals Table
    reveal_type(notify)  # reveals Component[(channel: str, status: TaskFinalStatus), None]
    with ml.ExitHandler(notify, "all", status=ml.TaskFinalStatus()):
        with ml.If(trained.accuracy >= threshold):
            first = number(1)
        with ml.Elif((trained.accuracy > 0.1) & (threshold < 1.0)):
            first = number(2)
        with ml.Else():
            second = number(3)
        reveal_type(ml.OneOf(first, second))  # reveals int
        with ml.If(flag()):
            number(4)
        with ml.ParallelFor([1, 2], parallelism=2) as item:
            reveal_type(item)  # reveals int
            made = number(item)
            with ml.ParallelFor(numbers()) as other:
                deep = number(other)
            part = load("x")
        reveal_type(ml.Collected(made))  # reveals list[int]
        total(ml.Collected(made))
        totals(ml.Collected(ml.Collected(deep)))
        merge([data])
        with ml.ParallelFor([{"name": "a"}]) as record:
            reveal_type(record["name"])  # reveals str
            load(record["name"])
        with ml.ParallelFor(ml.Collected(part)) as one:
            reveal_type(one)  # reveals Table
            train(one)
    reveal_type(outer.name)  # reveals str
    return model


def outside() -> None:
    reveal_type(train(Table.at("x")).accuracy)  # reveals float
    reveal_type(Table.create())  # reveals Table
    reveal_type(Model.create_file("model").path)  # reveals Path
    reveal_type(ml.compile(outer))  # reveals str
    reveal_type(ml.run(outer, {"uri": "x"}).state)  # reveals str
