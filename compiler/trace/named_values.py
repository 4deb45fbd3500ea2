"""What can be said of the value behind a name: a literal, Python's own, another module's, the notebook's own."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any


def is_elsewhere(value: Any, function: Callable[..., Any]) -> bool:
    """Whether a function or class is from another module than `function`, which can import it."""
    here = (function.__module__, "__main__")
    return getattr(value, "__module__", "") not in here and "<locals>" not in value.__qualname__


def is_pythons_own(name: str) -> bool:
    """Whether a name is one of Python's built-in ones; IPython adds some, which no task has."""
    return hasattr(builtins, name) and not is_of_the_shell(getattr(builtins, name))


def is_of_the_shell(value: Any) -> bool:
    """Whether a value is IPython's own, put into the notebook by it."""
    module = getattr(value, "__module__", None) or type(value).__module__
    return str(module).partition(".")[0] in ("IPython", "ipykernel")


def is_literal(value: Any) -> bool:
    """Whether the value's own spelling is a Python literal for it."""
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def literal_text(value: Any) -> str:
    """The spelling of a literal, with the members of sets in one order: that of `repr` differs from run to run."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal_text(key)}: {literal_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, set) and value:
        return "{" + ", ".join(sorted(map(literal_text, value))) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal_text, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(literal_text, value)) + (",)" if len(value) == 1 else ")")
    return repr(value)


def is_same(left: Any, right: Any) -> bool:
    """Whether two values are one thing in a text: the same object, or equal literals."""
    return left is right or (is_literal(left) and is_literal(right) and repr(left) == repr(right))
