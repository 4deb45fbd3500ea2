# ruff: noqa: UP006, UP035 - kfp 2.17 reads these annotations in their old spelling
"""Pipelines written with kfp whose components hand on what they get."""

from typing import Dict, List, NamedTuple

from kfp import dsl

component = dsl.component(base_image="python:3.11", install_kfp_package=False)


@component
def echo(text: str) -> str:
    return text


@component
def echo_list(texts: List[str]) -> List[str]:
    return texts


@component
def echo_table(table: Dict[str, str]) -> Dict[str, str]:
    return table


@component
def describe(text: str, made: dsl.Output[dsl.Dataset]) -> None:
    with open(made.path, "w", encoding="utf-8", errors="surrogatepass", newline="") as stream:  # noqa: PTH123
        stream.write(text)
    made.metadata["value"] = text
    made.metadata[f"key {text}"] = [text, {text: text}]


@component
def described(items: dsl.Input[List[dsl.Dataset]], texts: List[str]) -> List[str]:
    """The texts that did not arrive as content, as value and as key."""
    wrong = []
    for item, text in zip(items, texts):  # noqa: B905
        with open(item.path, encoding="utf-8", errors="surrogatepass", newline="") as stream:  # noqa: PTH123
            content = stream.read()
        metadata = (item.metadata["value"], item.metadata.get(f"key {text}"))
        if (content, *metadata) != (text, text, [text, {text: text}]):
            wrong.append(text)
    return wrong


class Passed(NamedTuple):
    texts: List[str]
    table: Dict[str, str]


@dsl.pipeline
def pass_on(texts: List[str], table: Dict[str, str]) -> Passed:
    return Passed(echo_list(texts=texts).output, echo_table(table=table).output)


class Compared(NamedTuple):
    equal: List[str]
    unequal: List[str]
    wrong: List[str]


@dsl.pipeline
def compare(texts: List[str]) -> Compared:
    """Each text against itself, as the item of a loop, the result of a step, the content and metadata of a file."""
    with dsl.ParallelFor(texts) as item:
        made = echo(text=item)
        data = describe(text=made.output)
        with dsl.If(made.output == item):
            equal = echo(text=made.output)
        with dsl.If(made.output != item):
            unequal = echo(text=made.output)
    return Compared(
        echo_list(texts=dsl.Collected(equal.output)).output,
        echo_list(texts=dsl.Collected(unequal.output)).output,
        described(items=dsl.Collected(data.outputs["made"]), texts=texts).output,
    )
