"""Pipelines drawn by chance: loops, branches, pipelines and ends inside of each other."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Optional

import milonga as ml
from milonga import Dataset, component, pipeline


@component
def add(a: int, b: int = 1) -> int:
    return a + b


@component
def total(values: list[int]) -> int:
    return sum(values)


@component
def deep_total(values: list[Any]) -> int:
    def summed(item: Any) -> int:
        return sum(map(summed, item)) if isinstance(item, list) else int(item)

    return summed(values)


@component
def up_to(count: int) -> list[int]:
    return list(range(count % 4))


@component
def rows_of(count: int) -> list[dict[str, Any]]:
    return [{"id": number, "sizes": list(range(number + 1))} for number in range(count % 3)]


@component
def write(number: int) -> Dataset:
    made = Dataset.create_file()
    made.write_text(str(number))
    made.metadata["number"] = number
    return made


@component
def size(data: Dataset) -> int:
    """Spoils its input, as a task may: nobody else sees it."""
    found = int(data.read_text())
    with open(data.path, "w", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write("spoilt")
    return found


@component
def size_of_all(data: list[Dataset]) -> int:
    return sum(int(one.read_text()) for one in data)


@component
def or_seven(value: Optional[int] = None) -> int:  # noqa: UP045
    return 7 if value is None else value


@component
def size_or(data: Optional[Dataset] = None) -> int:  # noqa: UP045
    return -1 if data is None else int(data.read_text())


@component
def note(value: int, status: ml.TaskFinalStatus) -> str:
    return f"{status.state} {value}"


@component
def fails_if_even(value: int) -> int:
    if value % 2 == 0:
        raise RuntimeError("even")
    return value


@pipeline
def chosen(number: int) -> int:
    with ml.If(number > 2):
        large = add(number, 10)
    with ml.Elif(number == 1):
        one = add(number, 100)
    with ml.Else():
        small = add(number, 1000)
    return ml.OneOf(large, one, small)


@pipeline
def chosen_data(number: int) -> Dataset:
    with ml.If(number > 2):
        large = write(number)
    with ml.Else():
        small = write(0)
    return ml.OneOf(large, small)


@pipeline
def collected(count: int) -> list[int]:
    with ml.ParallelFor(up_to(count)) as item:
        made = add(item, count)
    return ml.Collected(made)


@pipeline
def sized(data: Dataset, extra: int = 3) -> int:
    return add(size(data), extra)


class _Drawing:
    """One pipeline while it is drawn; everything follows from the seed."""

    def __init__(self, seed: int, number: Any, data: Any, *, fails: bool) -> None:
        self.chance = random.Random(seed)
        self.left = self.chance.randint(5, 9)
        self.number, self.data, self.fails = number, data, fails

    def block(self, ints: list[Any], datas: list[Any], depth: int) -> Any:
        """Some tasks; a value that the last of them makes."""
        ints, datas = list(ints), list(datas)
        kinds: list[Callable[[list[Any], list[Any], int], Any]] = [
            self.step,
            self.step,
            self.choice,
            self.loop,
            self.inner,
            self.artifact,
            self.artifact_loop,
            self.lonely_condition,
        ]
        for _ in range(self.chance.randint(1, 3)):
            if self.left <= 0:
                break
            self.left -= 1
            kind = self.chance.choice(kinds if depth < 3 else kinds[:2])
            ints.append(kind(ints, datas, depth))
        return add(ints[-1], self.chance.choice(ints))

    def pick(self, ints: list[Any]) -> Any:
        return self.chance.choice(ints[-3:] if self.chance.random() < 0.7 else ints)

    def step(self, ints: list[Any], datas: list[Any], depth: int) -> Any:
        if self.fails and self.chance.random() < 0.2:
            return fails_if_even(self.pick(ints))
        if self.chance.random() < 0.2:
            return or_seven()
        if datas and self.chance.random() < 0.4:
            return size(self.chance.choice(datas))
        retried = add.options(retries=self.chance.randint(0, 1))
        return retried(self.pick(ints), self.chance.choice([self.chance.randint(0, 3), self.pick(ints)]))

    def test(self, ints: list[Any]) -> Any:
        value, other = self.pick(ints), self.chance.randint(0, 4)
        forms: list[Callable[[], Any]] = [
            lambda: value == other,
            lambda: value > other,
            lambda: (value > other) & (self.pick(ints) < 5),
            lambda: ml.contains([0, 1, 2, 3], value),
        ]
        return self.chance.choice(forms)()

    def choice(self, ints: list[Any], datas: list[Any], depth: int) -> Any:
        with ml.If(self.test(ints)):
            first = self.block(ints, datas, depth + 1)
        if self.chance.random() < 0.4:
            with ml.Elif(self.test(ints)):
                second = self.block(ints, datas, depth + 1)
            with ml.Else():
                third = self.block(ints, datas, depth + 1)
            return ml.OneOf(first, second, third)
        with ml.Else():
            third = self.block(ints, datas, depth + 1)
        return ml.OneOf(first, third)

    def lonely_condition(self, ints: list[Any], datas: list[Any], depth: int) -> Any:
        with ml.If(self.test(ints)):
            self.block(ints, datas, depth + 1)
        return self.pick(ints)

    def items(self, ints: list[Any]) -> Any:
        return self.chance.choice([[1, 2], up_to(self.pick(ints)), collected(self.pick(ints)), []])

    def loop(self, ints: list[Any], datas: list[Any], depth: int) -> Any:
        with ml.ParallelFor(self.items(ints), parallelism=self.chance.choice([0, 1, 2])) as item:
            made = self.block([*ints, item], datas, depth + 1)
            kind = self.chance.random()
            if kind < 0.3:
                with ml.If(self.test([*ints, item, made])):
                    made = add(made, 5)
        if kind > 0.7:
            with ml.ParallelFor(ml.Collected(made)) as item:
                made = add(item, self.pick(ints))
        if kind > 0.5:
            with ml.If(ml.contains(ml.Collected(made), 2)):
                self.step(ints, datas, depth)
        return deep_total(ml.Collected(made))

    def inner(self, ints: list[Any], datas: list[Any], depth: int) -> Any:
        if datas and self.chance.random() < 0.5:
            return sized(self.chance.choice(datas))
        if self.chance.random() < 0.5:
            return sized(chosen_data(self.pick(ints)), extra=self.pick(ints))
        return chosen(self.pick(ints))

    def artifact(self, ints: list[Any], datas: list[Any], depth: int) -> Any:
        datas.append(self.chance.choice([write, chosen_data])(self.pick(ints)))
        if self.data is not None and self.chance.random() < 0.3:
            return size(self.data)
        return size_or(datas[-1]) if self.chance.random() < 0.6 else size_or()

    def artifact_loop(self, ints: list[Any], datas: list[Any], depth: int) -> Any:
        with ml.ParallelFor(self.items(ints)) as item:
            made = write(add(item, self.pick(ints)))
            if self.chance.random() < 0.4:
                with ml.If(item > 0):
                    made = write(item)
        if self.chance.random() < 0.5:
            with ml.ParallelFor(ml.Collected(made)) as data:
                found = size(data)
            return total(ml.Collected(found))
        return size_of_all(ml.Collected(made))


def drawn(seed: int, *, fails: bool = False) -> Any:
    """A pipeline with an input number, a list and an artifact."""
    chance = random.Random(seed * 31)

    @pipeline
    def drawn_by_chance(data: Dataset, number: int = 2, numbers: list[int] = [0, 1, 2]) -> int:  # noqa: B006
        drawing = _Drawing(seed, number, data, fails=fails)
        if chance.random() < 0.3:
            with ml.ExitHandler(note, number):
                made = drawing.block([number], [data], 1)
                if chance.random() < 0.5:
                    made = total(collected(made))
            return made
        with ml.ParallelFor(numbers) as item:
            inner = add(item, number)
        return drawing.block([number, total(ml.Collected(inner))], [data], 0)

    return drawn_by_chance
