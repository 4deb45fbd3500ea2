"""When an output of a DAG has a value: the conditions on the way to the task that makes it, as a tree.

A producer may itself be a DAG that chooses, so the tree follows outputs inwards and takes the inputs of the conditions
outwards again, to the values that the outermost DAG knows. A value that is known only in the run is a `Variable`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.compiler.cel import Expression, ListLiteral, Literal, children, evaluate, parse, referenced_parameters
from milonga.compiler.cel.expressions import Binary, walk
from milonga.compiler.graph import Component, Task, wire
from milonga.compiler.graph.edges import PARAMETERS, Edge, Side
from milonga.compiler.rules.outlets import outlets_of
from milonga.compiler.rules.types import CHANNEL, kind_of
from milonga.compiler.scope import Scope
from milonga.errors import MilongaError, RunError

_DEPTH_MAX = 16
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})


class UnclearError(Exception):
    """Nobody can tell: something is broken that another rule reports, or is nested beyond any sense."""


@dataclass(slots=True)
class Variable:
    """A value that is known only in the run, with the literals that conditions compare it with."""

    label: str
    kind: str | None
    choices: tuple[Any, ...] | None = None
    literals: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value that stands in the file."""

    value: Any


Term = tuple[str, ...] | Fixed
"""A variable's key, or a value."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition, and what each parameter in it stands for."""

    expression: Expression
    terms: Mapping[str, Term]


@dataclass(frozen=True, slots=True)
class Gate:
    """Open when the guard holds and, if there are ways inside, one of them is open."""

    guard: Guard | None
    ways: tuple[Gate, ...] = ()

    def is_open(self, values: Mapping[tuple[str, ...], Any]) -> bool:
        """Whether there is a value when the variables have these values.

        Raises:
            UnclearError: the condition fails, or is neither true nor false.
        """
        if self.guard is not None:
            terms = self.guard.terms
            given = {name: term.value if isinstance(term, Fixed) else values[term] for name, term in terms.items()}
            try:
                result = evaluate(self.guard.expression, {"inputs": {"parameter_values": given}})
            except RunError:
                raise UnclearError from None
            if not isinstance(result, bool):
                raise UnclearError
            if not result:
                return False
        return not self.ways or any(way.is_open(values) for way in self.ways)


class GateBuilder:
    """Builds the gates of one DAG; `variables` are those that all of their conditions together ask for."""

    def __init__(self) -> None:
        self.variables: dict[tuple[str, ...], Variable] = {}
        self._known: dict[tuple[str, ...], Variable] = {}

    def gate(
        self,
        scope: Scope,
        side: Side,
        task_name: str,
        key: str,
        outer: Mapping[str, Term] | None = None,
        path: tuple[str, ...] = (),
    ) -> Gate:
        """When output `key` of a task has a value.

        Args:
            scope: the DAG of the task.
            side: parameters or artifacts.
            task_name, key: the task and its output.
            outer: what the inputs of the DAG stand for; None for the outermost one.
            path: the tasks around the DAG, outside in.

        Raises:
            UnclearError: nobody can tell.
        """
        task = scope.tasks.get(task_name)
        used = scope.used(task) if task is not None else None
        if task is None or used is None or len(path) > _DEPTH_MAX:
            raise UnclearError
        terms = {
            edge.name: self._term(scope, edge, used, outer, path)
            for edge in scope.whole.edges(scope.component).get(task_name, ())
            if edge.side is PARAMETERS
        }
        guard = self._guard(task, terms)
        if used.dag is None or task.is_loop:  # a loop makes a list, an empty one at the least
            return Gate(guard)
        inner = scope.dag_of(task.component_ref.name if task.component_ref else "")
        outlet = next((found for found in outlets_of(used) if found.side is side and found.name == key), None)
        if outlet is None or not outlet.makers:
            raise UnclearError
        ways = tuple(self.gate(inner, side, *maker, terms, (*path, task_name)) for maker in outlet.makers)
        return Gate(guard, ways)

    def _guard(self, task: Task, terms: Mapping[str, Term]) -> Guard | None:
        if not task.condition:
            return None
        expression = parsed(task.condition)
        names = referenced_parameters(expression) if expression is not None else ()
        if expression is None or any(name not in terms for name in names):
            raise UnclearError
        guard = Guard(expression, {name: terms[name] for name in names})
        for term in guard.terms.values():
            if not isinstance(term, Fixed):
                self.variables[term] = self._known[term]
        for node, _ in walk(expression):
            if isinstance(node, Binary) and node.operator in _COMPARISONS:
                self._note_literals(node, guard)
        return guard

    def _note_literals(self, comparison: Binary, guard: Guard) -> None:
        literals = [
            node.value
            for side in (comparison.left, comparison.right)
            for node in (children(side) if isinstance(side, ListLiteral) else (side,))
            if isinstance(node, Literal)
        ]
        for name in referenced_parameters(comparison):
            term = guard.terms[name]
            if not isinstance(term, Fixed):
                self.variables[term].literals.extend(literals)

    def _term(
        self,
        scope: Scope,
        edge: Edge,
        used: Component,
        outer: Mapping[str, Term] | None,
        path: tuple[str, ...],
    ) -> Term:
        binding = edge.binding
        selector = binding.parameter_expression_selector or ""
        if binding.runtime_value is not None and binding.runtime_value.constant is not None and not selector:
            return Fixed(wire.plain(binding.runtime_value.constant))
        if outer is not None and not edge.producer and edge.output in outer and not selector:
            return outer[edge.output]
        declared = edge.declared if edge.declared is not None else edge.origin
        kind = kind_of(declared) if declared is not None else None
        key = (*path, edge.producer, edge.output or edge.name, selector)
        if key not in self._known:
            name = edge.output.removeprefix(CHANNEL) or edge.name
            made = f"'{name}' of '{edge.producer}'" if edge.producer else f"'{name}'"
            label = f"a part of {made}" if selector else made
            choices = getattr(edge.origin, "literals", None) if not selector else None
            self._known[key] = Variable(label, kind, tuple(choices) if choices else None)
        return key


@functools.lru_cache(maxsize=4096)
def parsed(condition: str) -> Expression | None:
    """The tree of a condition, None when it is no CEL. Groups of one If share their conditions, hence the memory."""
    try:
        return parse(condition)
    except MilongaError:
        return None
