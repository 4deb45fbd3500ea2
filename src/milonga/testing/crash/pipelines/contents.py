"""Artifacts through the content store: files and folders, equal and different ones, read by several steps."""

import time

import milonga as ml
from milonga import Dataset, Model
from milonga.testing.crash.ledger import note


@ml.component
def make(ledger: str, pause_s: float, number: int) -> Dataset:
    """A folder of four files; those of the even numbers are equal."""
    made = Dataset.create()
    for part in range(4):
        content = bytes([number if number % 2 else 0, part]) * 40_000
        (made.path / f"{part}.bin").write_bytes(content)
        time.sleep(pause_s / 4)
    note(ledger, f"make {number}")
    return made


@ml.component
def fit(ledger: str, data: Dataset, number: int) -> Model:
    """One file, from all of a folder."""
    model = Model.create_file()
    model.path.write_bytes(b"".join(path.read_bytes() for path in sorted(data.path.iterdir())))
    note(ledger, f"fit {number}")
    return model


@ml.component
def weigh(ledger: str, model: Model, data: Dataset, number: int) -> int:
    """The sum of the bytes of both."""
    files = [model.path, *data.path.iterdir()]
    note(ledger, f"weigh {number}")
    return sum(sum(path.read_bytes()) for path in files)


@ml.component
def pack(ledger: str, models: list[Model], weights: list[int]) -> Dataset:
    """All models in one folder."""
    packed = Dataset.create()
    for number, (model, weight) in enumerate(zip(models, weights, strict=True)):
        (packed.path / f"{number}-{weight}").write_bytes(model.path.read_bytes())
    note(ledger, "pack")
    return packed


@ml.component
def add(ledger: str, packed: Dataset, weights: list[int]) -> list[int]:
    """What the names say, and what is there."""
    note(ledger, "add")
    return [sum(weights), sum(sum(path.read_bytes()) for path in packed.path.iterdir())]


@ml.pipeline(name="contents")
def pipeline(ledger: str, pause_s: float = 0.05) -> list[int]:
    """Six folders, six files of them, one folder of all."""
    with ml.ParallelFor([0, 1, 2, 3, 4, 5]) as number:
        data = make(ledger, pause_s, number)
        model = fit(ledger, data, number)
        weight = weigh(ledger, model, data, number)
    packed = pack(ledger, ml.Collected(model), ml.Collected(weight))
    return add(ledger, packed, ml.Collected(weight))
