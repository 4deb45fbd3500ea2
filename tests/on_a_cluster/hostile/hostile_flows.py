"""Pipelines that hand hostile texts through Argo in every way there is, many a pod."""

import sys
from pathlib import Path
from typing import NamedTuple

import milonga as ml
from milonga import Dataset, component, pipeline

if str(Path(__file__).parents[2] / "hostile") not in sys.path:
    sys.path.append(str(Path(__file__).parents[2] / "hostile"))

from hostile_texts import LONG, SHORT, WHOLE

IMAGE = "python:3.11"
NEVER = "this is none of them"
VARIABLES = {
    f"TEXT_{number}": text
    for number, text in enumerate(WHOLE)
    if "\0" not in text and "$$" not in text and "$(" not in text
}
"""What a program can be given, but for the forms that Kubernetes expands."""


@component(image=IMAGE)
def echo(text: str) -> str:
    return text


@component(image=IMAGE)
def echo_list(texts: list[str]) -> list[str]:
    return texts


@component(image=IMAGE)
def echo_table(table: dict[str, str]) -> dict[str, str]:
    return table


@component(image=IMAGE)
def describe(texts: list[str]) -> Dataset:
    """An artifact whose name, content and metadata are the texts."""
    made = Dataset.create_file("".join(texts))
    made.path.write_bytes("\0".join(texts).encode("utf-8", "surrogatepass"))
    made.metadata["values"] = texts
    for text in texts:
        made.metadata[f"key {text}"] = [text, {text: text}]
    return made


@component(image=IMAGE)
def described(items: list[Dataset], chunks: list[list[str]]) -> list[str]:
    """What did not arrive as content, as value, or as key."""
    wrong = [] if len(items) == len(chunks) else ["there are more or fewer"]
    for item, texts in zip(items, chunks, strict=False):
        if item.path.read_bytes().decode("utf-8", "surrogatepass") != "\0".join(texts):
            wrong.append("content: " + repr(texts))
        if item.metadata.get("values") != texts:
            wrong.append("values: " + repr(texts))
        wrong += [text for text in texts if item.metadata.get(f"key {text}") != [text, {text: text}]]
    return wrong


class Values(NamedTuple):
    texts: list[str]
    table: dict[str, str]
    text: str
    constants: list[str]
    constant_table: dict[str, str]
    made: Dataset


@pipeline
def hostile_values(texts: list[str], table: dict[str, str], text: str) -> Values:
    """Arguments, constants, keys, contents, metadata."""
    return Values(
        echo_list(texts),
        echo_table(table),
        echo(text),
        echo_list([*SHORT, *LONG]),
        echo_table({text: text for text in SHORT}),
        describe(texts),
    )


class Chunks(NamedTuple):
    texts: list[list[str]]
    wrong: list[str]


@pipeline
def hostile_chunks(chunks: list[list[str]]) -> Chunks:
    """Every text in an item of a loop, and in an artifact made there."""
    with ml.ParallelFor(chunks) as chunk:
        made = echo_list(chunk)
        data = describe(made)
    return Chunks(ml.Collected(made), described(ml.Collected(data), chunks))


class Branches(NamedTuple):
    equal: list[str]
    unequal: list[str]


@pipeline
def hostile_items(texts: list[str]) -> Branches:
    """Texts as items, against themselves after a way through a step, in two branches and back into lists."""
    with ml.ParallelFor(texts) as item:
        made = echo(item)
        with ml.If(made == item):
            equal = echo(made)
        with ml.If(made != item):
            unequal = echo(made)
    return Branches(ml.Collected(equal), ml.Collected(unequal))


@pipeline
def hostile_pairs(pairs: list[dict[str, str]]) -> None:
    """Conditions about parts of the items of a loop; no step ever runs."""
    with ml.ParallelFor(pairs) as pair:
        with ml.If(pair["one"] == pair["same"]):
            with ml.If(pair["one"] == NEVER):
                echo("never")
        with ml.If(pair["one"] != pair["same"]):
            echo("never")
        with ml.If(pair["one"] == pair["other"]):
            echo("never")


@component(image=IMAGE)
def variables(wanted: dict[str, str]) -> list[str]:
    """The variables that are not what they should be."""
    import os

    return [f"{name}: {os.environ.get(name)!r}" for name, text in wanted.items() if os.environ.get(name) != text]


@pipeline
def hostile_variables() -> list[str]:
    return variables.options(environment=VARIABLES)(VARIABLES)


class Named(NamedTuple):
    Output: str
    workflow: str
    naïve_数: str
    pipelinechannel__x: str


@component(image=IMAGE, name="in")
def named(
    item: str,
    workflow: str,
    inputs: str,
    ñandú: str,
    pipelinechannel__x: str,
    true: str,
    nil: str,
    X: str,
    x: str,
) -> Named:
    return Named("".join((item, inputs, ñandú, true, nil, X, x)), workflow, ñandú, pipelinechannel__x)


class AllNamed(NamedTuple):
    status: str
    tasks: str
    漢字: str
    t: str


@pipeline(name="in-not-1", display_name="{{workflow.name}} '\"\\ \n<b> {{=1+1}} $(id) \u202e \U0001f3b6")
def hostile_names(
    item: str = "{{item}}",
    workflow: str = "{{workflow.name}}",
    inputs: str = "{{inputs.parameters.t}}",
    ñandú: str = "ñ\u0303",
    pipelinechannel__x: str = "pipelinechannel--x",
    true: str = "false",
    nil: str = "null",
    X: str = "upper",
    x: str = "lower",
    entrypoint: str = "main",
    t: str = "t",
) -> AllNamed:
    """Names that mean something to Argo, and names that are no ASCII."""
    made = named.options(name="in", display_name="{{inputs.parameters.t}}\n{{=sprig.env('HOME')}}")(
        item, workflow, inputs, ñandú, pipelinechannel__x, true, nil, X, x
    )
    again = named.options(name="not-1")(
        made.Output, made.workflow, "i", made.naïve_数, made.pipelinechannel__x, "t", "n", "X", "x"
    )
    for number, text in enumerate(SHORT[::5]):
        with ml.If(again.workflow == NEVER):
            echo.options(name=("nil", "true", "and", "or", "let")[number] if number < 5 else None, display_name=text)(
                ""
            )
    return AllNamed(again.Output, again.workflow, echo.options(name="matches")(again.naïve_数), echo(t))
