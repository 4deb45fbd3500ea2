# ruff: noqa: UP006, UP035, UP045 - kfp 2.17 reads these annotations in their old spelling
"""Pipelines written with kfp, each of which kfp's own local runner 2.17.0 gets wrong or refuses.

Several rows share a pipeline, so that they cost one run.
"""

from typing import Dict, List, NamedTuple, Optional

from kfp import dsl, kubernetes

component = dsl.component(base_image="python:3.11", install_kfp_package=False)


@component
def add(a: int, b: int) -> int:
    return a + b


@component
def total(values: List[int]) -> int:
    return sum(values)


@component
def spelled(values: List[int], table: Dict[str, int], deep: dict) -> str:
    return f"{values} {table} {deep}"


@component
def say(text: str) -> str:
    return text


@component
def length(text: str) -> int:
    return len(text)


@component
def or_seven(value: Optional[int] = None, words: Optional[List[str]] = None, table: Optional[dict] = None) -> str:
    return f"{7 if value is None else value} {words} {table}"


@component
def write(text: str, made: dsl.Output[dsl.Dataset]) -> None:
    with open(made.path, "w") as stream:  # noqa: PTH123
        stream.write(text)
    made.metadata["length"] = len(text)


@component
def read(data: dsl.Input[dsl.Dataset]) -> str:
    with open(data.path) as stream:  # noqa: PTH123
        return f"{stream.read()}:{data.metadata.get('length')}"


@component
def read_all(data: dsl.Input[List[dsl.Dataset]]) -> List[str]:
    return [open(one.path).read() for one in data or []]  # noqa: PTH123 - kfp's executor makes None of []


@component
def joined(texts: List[str]) -> str:
    return "-".join(texts)


@component
def two(first: str, second: str) -> str:
    return first + second


@component
def fail(message: str) -> str:
    raise RuntimeError(message)


# Values ------------------------------------------------------------------------------------------------------------


class Whole(NamedTuple):
    collected: int
    text: str


@dsl.pipeline
def whole_numbers(
    values: List[int] = [1, 2],  # noqa: B006
    table: Dict[str, int] = {"a": 1},  # noqa: B006
    deep: dict = {"b": [2, {"c": 3, "half": 0.5}]},  # noqa: B006
) -> Whole:
    with dsl.ParallelFor([1, 2, 3]) as item:
        made = add(a=item, b=1)
    return Whole(total(values=dsl.Collected(made.output)).output, spelled(values=values, table=table, deep=deep).output)


@dsl.pipeline
def inside(value: Optional[int] = None) -> str:
    return or_seven(value=value).output


class Absent(NamedTuple):
    direct: str
    handed: str
    inner: str


@dsl.pipeline
def absent(value: Optional[int] = None) -> Absent:
    return Absent(or_seven().output, or_seven(value=value).output, inside().output)


class Big(NamedTuple):
    size: int
    text: str


@dsl.pipeline
def big(text: str) -> Big:
    again = say(text=text).output
    return Big(length(text=again).output, again)


# Conditions --------------------------------------------------------------------------------------------------------


class Said(NamedTuple):
    quoted: str
    secret: str


@dsl.pipeline
def texts_in_conditions(quoted: str, same: str, secret: str) -> Said:
    with dsl.If(quoted == same):
        equal = say(text="same")
    with dsl.Else():
        other = say(text="other")
    with dsl.If(secret == "secret"):
        opened = say(text="open")
    with dsl.Else():
        closed = say(text="closed")
    return Said(dsl.OneOf(equal.output, other.output), dsl.OneOf(opened.output, closed.output))


@dsl.pipeline
def quote_in_a_constant(quoted: str = "it's") -> None:
    """kfp writes the constant between quotes as it is, so that what it compiles is no CEL."""
    with dsl.If(quoted == "it's"):
        say(text="same")


class Chosen(NamedTuple):
    data: dsl.Dataset
    text: str


@dsl.pipeline
def branches_of_artifacts(number: int = 2) -> Chosen:
    with dsl.If(number == 1):
        one = write(text="one")
    with dsl.Else():
        many = write(text="many")
    chosen = dsl.OneOf(one.outputs["made"], many.outputs["made"])
    return Chosen(chosen, read(data=chosen).output)


# Loops -------------------------------------------------------------------------------------------------------------


class Loops(NamedTuple):
    empty: int
    skipped: int
    parts: str


@dsl.pipeline
def loops_of_parameters(
    nothing: List[int] = [],  # noqa: B006
    rows: list = [{"label": "a", "parts": ["x", "y"]}, {"label": "b", "parts": ["z"]}],  # noqa: B006
) -> Loops:
    with dsl.ParallelFor(nothing) as item:
        never = add(a=item, b=1)
    with dsl.ParallelFor([1, 2, 3, 4]) as item:
        number = add(a=item, b=0)
        with dsl.If(number.output > 2):
            large = add(a=number.output, b=10)
    with dsl.ParallelFor(rows) as outer:
        with dsl.ParallelFor(outer.parts) as inner:
            both = two(first=outer.label, second=inner)
        joined_inside = joined(texts=dsl.Collected(both.output))
    return Loops(
        total(values=dsl.Collected(never.output)).output,
        total(values=dsl.Collected(large.output)).output,
        joined(texts=dsl.Collected(joined_inside.output)).output,
    )


@dsl.pipeline
def written(texts: List[str]) -> List[dsl.Dataset]:
    with dsl.ParallelFor(texts) as text:
        made = write(text=text)
    return dsl.Collected(made.outputs["made"])


class Read(NamedTuple):
    nested: List[dsl.Dataset]
    all: List[str]
    each: str


@dsl.pipeline
def loops_of_artifacts(
    texts: List[str] = ["a", "bb"],  # noqa: B006
) -> Read:
    with dsl.ParallelFor(texts) as outer:
        with dsl.ParallelFor(["x", "y"]) as inner:
            piece = write(text=two(first=outer, second=inner).output)
    everything = read_all(data=dsl.Collected(piece.outputs["made"]))
    with dsl.ParallelFor(written(texts=texts).output) as data:
        seen = read(data=data)
    return Read(
        dsl.Collected(piece.outputs["made"]),
        everything.output,
        joined(texts=dsl.Collected(seen.output)).output,
    )


@component
def meet(folder: str, index: int, expected: int) -> int:
    """The most that were ever seen inside together; nobody leaves before `expected` have met, or for 20 s."""
    import pathlib
    import time

    inside, met, most = pathlib.Path(folder) / "inside", pathlib.Path(folder) / "met", 0
    inside.mkdir(exist_ok=True)
    (inside / str(index)).touch()
    deadline = time.monotonic() + 20
    while not met.exists() and time.monotonic() < deadline:
        most = max(most, len(list(inside.iterdir())))
        if most >= expected:
            met.touch()
        time.sleep(0.01)
    time.sleep(0.2)
    most = max(most, len(list(inside.iterdir())))
    (inside / str(index)).unlink()
    return most


@component
def largest(values: List[int]) -> int:
    return max(values)


@dsl.pipeline
def limited(folder: str) -> int:
    with dsl.ParallelFor([1, 2, 3, 4, 5, 6, 7], parallelism=3) as item:
        seen = meet(folder=folder, index=item, expected=3)
    return largest(values=dsl.Collected(seen.output)).output


@dsl.pipeline
def independent(folder: str) -> int:
    first = meet(folder=folder, index=1, expected=2)
    second = meet(folder=folder, index=2, expected=2)
    return add(a=first.output, b=second.output).output


# Artifacts ---------------------------------------------------------------------------------------------------------


@dsl.pipeline
def inside_without_parameters(data: dsl.Input[dsl.Dataset]) -> str:
    return read(data=data).output


@component
def write_at(path: str, made: dsl.Output[dsl.Dataset]) -> None:
    made.set_path(path)
    with open(made.path, "w") as stream:  # noqa: PTH123
        stream.write("at a path of its own")


@component
def read_or(data: Optional[dsl.Input[dsl.Dataset]] = None) -> str:
    return "nothing" if data is None else "something"


class Texts(NamedTuple):
    given: str
    nested: str
    own: str
    none: str


@dsl.pipeline
def artifacts_from_everywhere(data: dsl.Input[dsl.Dataset], path: str) -> Texts:
    return Texts(
        read(data=data).output,
        inside_without_parameters(data=write(text="abc").outputs["made"]).output,
        read(data=write_at(path=path).outputs["made"]).output,
        read_or().output,
    )


# Ends --------------------------------------------------------------------------------------------------------------


@component
def report(path: str, status: dsl.PipelineTaskFinalStatus) -> None:
    with open(path, "a") as stream:  # noqa: PTH123
        stream.write(f"{status.state} {status.pipeline_task_name} {status.error_message or '-'}\n")


@dsl.pipeline
def reported(path: str, message: str = "boom") -> None:
    with dsl.ExitHandler(report(path=path)):
        add(a=1, b=1)
    with dsl.ExitHandler(report(path=path)):
        fail(message=message)


@component
def say_or(text: str = "nothing came") -> str:
    return text


class Went(NamedTuple):
    on: str
    after: str


@dsl.pipeline
def ignored() -> Went:
    broken = fail(message="boom")
    cleaned = say_or(text=broken.output).ignore_upstream_failure()
    return Went(cleaned.output, say(text=cleaned.output).output)


@component
def sleep(seconds: float) -> float:
    import time

    time.sleep(seconds)
    return seconds


@component
def memory() -> str:
    return "64Mi"


@dsl.pipeline
def too_slow() -> None:
    kubernetes.set_timeout(sleep(seconds=60.0), 1)


@component
def hold(megabytes: int) -> int:
    import time

    held = bytearray(megabytes * 2**20)
    held[::4096] = b"x" * len(held[::4096])
    time.sleep(30)
    return len(held)


@dsl.pipeline
def limited_by_a_result() -> None:
    hold(megabytes=300).set_memory_limit(memory().output)
