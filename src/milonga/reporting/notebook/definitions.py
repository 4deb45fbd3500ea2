"""A pipeline, a component and a graph, as a notebook shows them: their drawing, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from milonga.compiler.graph import Graph
from milonga.compiler.rules import check
from milonga.compiler.trace import trace
from milonga.dsl.definition import Definition
from milonga.dsl.signature import Input, Output, spelled
from milonga.errors import MilongaError
from milonga.reporting.graph_svg import graph_svg
from milonga.reporting.markup import table, text, value_code
from milonga.reporting.notebook.findings import finding_blocks
from milonga.reporting.notebook.inlining import framed

_ROWS_MAX = 60


def definition_html(definition: Definition[..., Any]) -> str:
    """A pipeline or component: its signature, and its graph or the mistakes in it."""
    head = _head(definition.noun, definition.name, definition.description)
    try:
        graph = trace(definition).graph
    except MilongaError as error:
        found = getattr(error, "findings", ()) or (error,)
        return framed(head, _count(len(found)), finding_blocks(item.to_json() for item in found))
    borders = _borders(definition) if definition.noun == "component" else ""
    return framed(head, borders, _drawing(graph))


def graph_html(graph: Graph) -> str:
    """A graph: its drawing, and what the rules find in it."""
    description = graph.specification.pipeline_info.description or ""
    return framed(_head("graph", graph.name, description), _drawing(graph))


def _drawing(graph: Graph) -> str:
    findings = check(graph)
    said = finding_blocks(finding.to_json() for finding in findings)
    return f'<div class="scroll">{graph_svg(graph)}</div>{said}'


def _head(noun: str, name: str, description: str) -> str:
    first = description.strip().split("\n\n")[0]
    said = f'<div class="muted">{text(first, 400)}</div>' if first else ""
    return f'<div class="head"><span class="muted">{noun}</span> <b>{text(name, 200)}</b>{said}</div>'


def _count(number: int) -> str:
    return f"<p>{'1 mistake' if number == 1 else f'{number} mistakes'}</p>"


def _borders(definition: Definition[..., Any]) -> str:
    inputs, outputs = definition.signature.inputs, definition.signature.outputs
    rows = [*_input_rows(inputs), *_output_rows(outputs)]
    left_out = f'<p class="note">and {len(rows) - _ROWS_MAX} more</p>' if len(rows) > _ROWS_MAX else ""
    return (table(("", "Name", "Type", "Default"), rows[:_ROWS_MAX]) if rows else "") + left_out


def _input_rows(inputs: Iterable[Input]) -> Iterable[list[str]]:
    for item in inputs:
        default = "" if item.required else value_code(item.default, 200)
        yield [
            "input",
            f"<code>{text(item.name, 200)}</code>",
            f"<code>{text(spelled(item.schema), 200)}</code>",
            default,
        ]


def _output_rows(outputs: Iterable[Output]) -> Iterable[list[str]]:
    for item in outputs:
        yield ["output", f"<code>{text(item.name, 200)}</code>", f"<code>{text(spelled(item.schema), 200)}</code>", ""]
