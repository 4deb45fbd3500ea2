"""A loop as long as an argument says, over items that only a pod knows, whose bodies look at their item."""

import milonga as ml
from milonga import component, pipeline

IMAGE = "python:3.11"


@component(image=IMAGE)
def numbers(count: int) -> list[int]:
    return list(range(count))


@component(image=IMAGE)
def doubled(number: int) -> int:
    return 2 * number


@component(image=IMAGE)
def total(values: list[int]) -> int:
    return sum(values)


@pipeline
def long_loop(count: int) -> int:
    """Every iteration but the first has one step."""
    with ml.ParallelFor(numbers(count), parallelism=10) as number:
        with ml.If(number > 0):
            made = doubled(number)
    return total(ml.Collected(made))
