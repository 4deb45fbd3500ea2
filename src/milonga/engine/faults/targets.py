"""What a fault could hit in a graph, and what there is besides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from milonga.compiler.graph import Component, Graph


@dataclass(frozen=True, slots=True)
class Targets:
    """The names of a graph, seen by one fault.

    Attributes:
        what: "task" or "artifact".
        wanted: what was asked for.
        hit: those of `known` that are meant.
        known: all of that sort, in full.
        short: their names alone.
    """

    what: str
    wanted: str
    hit: tuple[str, ...]
    known: tuple[str, ...]
    short: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepPlace:
    """A step of a graph: its path without indices of loops, and its component."""

    path: str
    component: Component


def steps_of(graph: Graph) -> Iterator[StepPlace]:
    """Every step that a run of `graph` may start."""
    yield from _steps(graph, graph.root, "")


def _steps(graph: Graph, component: Component, path: str) -> Iterator[StepPlace]:
    for name, task in ((component.dag.tasks if component.dag else None) or {}).items():
        inner = f"{path}/{name}" if path else name
        found = graph.component_of(task, inner)
        if found.dag is None:
            yield StepPlace(inner, found)
        else:
            yield from _steps(graph, found, inner)
