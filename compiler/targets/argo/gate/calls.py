"""A place that runs a template: a task of a DAG or a step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from milonga.compiler.targets.argo.gate.node import Node


@dataclass(frozen=True, slots=True)
class Call:
    """One task or step.

    Attributes:
        spec: the specification that it stands in.
        template: the template that it stands in.
        caller: the task or step itself.
    """

    spec: Node
    template: Node
    caller: Node


def tasks_of(template: Node) -> Iterator[Node]:
    """The tasks of a DAG."""
    return template.at("dag", "tasks").entries()


def steps_of(template: Node) -> Iterator[Node]:
    """The steps of a template, group by group."""
    for group in template.at("steps").elements():
        yield from group.entries()


def calls_of(spec: Node, template: Node) -> Iterator[Call]:
    """The tasks and steps of a template."""
    for caller in (*tasks_of(template), *steps_of(template)):
        yield Call(spec, template, caller)


def has_loop(caller: Node) -> bool:
    """Whether a task or step runs once for each of several items."""
    return caller.has("withItems", "withParam", "withSequence")
