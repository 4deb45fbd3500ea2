"""Wrong wiring. Both type checkers must refuse every line that carries `# wrong`, and no other."""

from typing import NamedTuple

import milonga as ml
from milonga import Dataset, Model, component, pipeline


class Trained(NamedTuple):
    model: Model
    accuracy: float


@component
def load(uri: str) -> Dataset:
    return Dataset.create()


@component
def train(data: Dataset, *, epochs: int = 10) -> Trained:
    return Trained(Model.create(), 0.5)


@component
def number(value: int) -> int:
    return value


@component
def text(value: str) -> str:
    return value


@component
def total(values: list[int]) -> int:
    return sum(values)


@component
def totals(values: list[list[int]]) -> int:
    return 0


@component
def deploy(model: Model) -> str:
    return "url"


@component
def notify(channel: str) -> None:
    return None


@pipeline
def inner(uri: str) -> Trained:
    return train(load(uri))


@pipeline
def outer(uri: str) -> str:
    data = load(uri)
    load(3)  # wrong
    train(uri)  # wrong
    train(data, epoch=3)  # wrong
    train(data, epochs="3")  # wrong
    train()  # wrong
    train(data, 3)  # wrong
    number(text("a"))  # wrong
    text(number(1))  # wrong
    trained = train(data)
    deploy(trained)  # wrong
    deploy(data)  # wrong
    deploy(trained.modell)  # wrong
    number(trained.accuracy)  # wrong
    train.options(gpu=1)(data, epochs="x")  # wrong
    inner(3)  # wrong
    deploy(inner(uri).accuracy)  # wrong
    with ml.ParallelFor(["a"]) as item:
        number(item)  # wrong
        made = number(1)
    total(made)  # wrong
    totals(ml.Collected(made))  # wrong
    text(ml.importer(uri, Dataset))  # wrong
    ml.importer(uri, int)  # wrong
    with ml.ExitHandler(notify):  # wrong
        pass
    with ml.ExitHandler(notify, 3):  # wrong
        pass
    with ml.ParallelFor(3):  # wrong
        pass
    print(ml.nothing)  # wrong
    return number(1)  # wrong


@pipeline
def right(uri: str) -> str:
    return text(uri)
