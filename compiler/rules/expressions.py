"""Whether conditions and selectors are CEL, and look at inputs that the task has."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.cel import parse, referenced_parameters
from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.scope import Scope
from milonga.errors import MilongaError

_SHOWN_MAX = 300


def conditions_are_cel(scope: Scope) -> Iterator[Diagnostic]:
    """A condition parses, and each parameter in it is an input of its task."""
    for name, task in scope.tasks.items():
        condition = task.condition
        if not condition:
            continue
        try:
            expression = parse(condition)
        except MilongaError as error:
            message = f"the condition is no CEL: {error.message}"
            yield scope.finding(error.code, message, task=name, got=_shown(condition))
            continue
        for parameter in referenced_parameters(expression):
            if parameter not in task.parameter_bindings:
                yield scope.finding(
                    "E224",
                    f"the condition looks at '{parameter}', which is no input of its task",
                    task=name,
                    got=_shown(condition),
                )


def selectors_are_cel(scope: Scope) -> Iterator[Diagnostic]:
    """An expression that selects a part of a value parses."""
    for name, task in scope.tasks.items():
        for key, binding in task.parameter_bindings.items():
            if not binding.parameter_expression_selector:
                continue
            try:
                parse(binding.parameter_expression_selector)
            except MilongaError as error:
                yield scope.finding(
                    error.code,
                    f"the selector of input '{key}' is no CEL: {error.message}",
                    task=name,
                    got=_shown(binding.parameter_expression_selector),
                )


def _shown(text: str) -> str:
    """The beginning of an expression: one with a whole document as a constant is no message."""
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}… ({len(text)} characters)"
