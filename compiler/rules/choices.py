"""Whether a choice between branches always has a value, and values of branches are used where there is one."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Task
from milonga.compiler.rules.gates import Gate, GateBuilder, UnclearError, Variable
from milonga.compiler.rules.outlets import Outlet, outlets_of
from milonga.compiler.rules.samples import samples_of
from milonga.compiler.rules.wiring import is_optional
from milonga.compiler.scope import Scope

_CASES_MAX = 2048
"""How many combinations of values are tried before a choice is called too large to decide."""

Values = Mapping[tuple[str, ...], Any]


def choices_are_complete(scope: Scope) -> Iterator[Diagnostic]:
    """Exactly one branch makes the value of a choice, whatever the conditions are about."""
    for outlet in outlets_of(scope.component):
        if not outlet.is_choice or len(outlet.makers) < 1 or _is_gathering(outlet):
            continue
        builder = GateBuilder()
        try:
            gates = [builder.gate(scope, outlet.side, task, key) for task, key in outlet.makers]
        except UnclearError:
            continue
        yield from _findings(scope, outlet, gates, builder.variables)


def _is_gathering(outlet: Outlet) -> bool:
    """Whether several artifacts become a list instead of one being chosen."""
    return bool(getattr(outlet.declared, "is_artifact_list", None))


def _findings(
    scope: Scope, outlet: Outlet, gates: Sequence[Gate], variables: Mapping[tuple[str, ...], Variable]
) -> Iterator[Diagnostic]:
    samples = [variable.choices or samples_of(variable.kind, variable.literals) for variable in variables.values()]
    if not all(samples):
        return
    if math.prod(map(len, samples)) > _CASES_MAX:
        yield scope.finding(
            "E243",
            f"output '{outlet.name}' chooses by too many values to say whether a branch always runs",
            severity="warning",
            got=f"{len(samples)} values",
            expected=f"at most {_CASES_MAX} cases",
            hint="choose in two steps, or by one value that a component computes",
        )
        return
    without, twice = _cases(gates, list(variables), samples)
    if without is not None:
        yield scope.finding(
            "E241",
            f"output '{outlet.name}' may have no value: no branch runs in some case",
            got=_shown(without, variables),
            expected="a branch for every case",
            hint="add a branch with the negation of all the other conditions (Else)",
        )
    if twice is not None:
        values, first, second = twice
        yield scope.finding(
            "E242",
            f"output '{outlet.name}' may have two values: two branches run in some case",
            severity="warning",
            got=f"{_shown(values, variables)}: '{outlet.makers[first][0]}' and '{outlet.makers[second][0]}'",
            expected="one branch in every case",
            hint="back ends take the one that they meet first",
        )


def _cases(
    gates: Sequence[Gate], keys: Sequence[tuple[str, ...]], samples: Sequence[Sequence[Any]]
) -> tuple[Values | None, tuple[Values, int, int] | None]:
    """The first case without an open gate, and the first with two and which they are."""
    without: Values | None = None
    twice: tuple[Values, int, int] | None = None
    for case in itertools.product(*samples):
        values = dict(zip(keys, case, strict=True))
        try:
            opened = [number for number, gate in enumerate(gates) if gate.is_open(values)]
        except UnclearError:
            continue
        if not opened and without is None:
            without = values
        elif len(opened) > 1 and twice is None:
            twice = (values, opened[0], opened[1])
        if without is not None and twice is not None:
            break
    return without, twice


def _shown(values: Values, variables: Mapping[tuple[str, ...], Variable]) -> str:
    if not values:
        return "always"
    parts = []
    for key, value in values.items():
        variable = variables[key]
        texts = list(dict.fromkeys(map(_written, variable.literals)))
        if isinstance(value, str) and variable.choices is None and _written(value) not in texts:
            parts.append(f"{variable.label} is any text" + (f" but {', '.join(texts[:6])}" if texts else ""))
        else:
            parts.append(f"{variable.label} is {_written(value)}")
    return ", ".join(parts[:8])


def _written(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=True)[:60]


def values_stay_in_their_branch(scope: Scope) -> Iterator[Diagnostic]:
    """A value of a branch is used under a condition, or where it may be absent."""
    known: dict[tuple[str, str, str, str], bool] = {}
    for name, edges in scope.whole.edges(scope.component).items():
        task = scope.tasks[name]
        if _is_guarded(task):
            continue
        told: set[str] = set()
        for edge in edges:
            if not edge.producer or edge.producer in told or edge.declared is None or is_optional(edge.declared):
                continue
            if _may_be_absent(scope, edge.side.noun, edge.producer, edge.output, known):
                told.add(edge.producer)
                yield scope.finding(
                    "E240",
                    f"input '{edge.name}' takes a value of '{edge.producer}', which may not run",
                    task=name,
                    severity="warning",
                    expected="the same condition, or an input that may stay empty",
                    hint="when the branch is not taken this task is skipped or fails: put it into the branch, "
                    "or choose with ml.OneOf(...)",
                )


def _is_guarded(task: Task) -> bool:
    return task.runs_anyway or bool(task.condition)


def _may_be_absent(
    scope: Scope, noun: str, producer: str, key: str, known: dict[tuple[str, str, str, str], bool]
) -> bool:
    """Whether the way to a value leads through a condition. A choice is another rule's matter."""
    question = (scope.name, noun, producer, key)
    if question in known:
        return known[question]
    known[question] = False  # for components that hold themselves
    task = scope.tasks.get(producer)
    used = scope.used(task) if task is not None else None
    if task is None or used is None:
        return False
    absent = bool(task.condition)
    if not absent and used.dag is not None and not task.is_loop and task.component_ref is not None:
        inner = scope.dag_of(task.component_ref.name)
        found = next((item for item in outlets_of(used) if item.side.noun == noun and item.name == key), None)
        if found is not None and len(found.makers) == 1 and not found.is_choice:
            absent = _may_be_absent(inner, noun, *found.makers[0], known)
    known[question] = absent
    return absent
