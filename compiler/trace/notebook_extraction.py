"""What a function of a notebook needs from the cells around it.

A notebook has no top and bottom: cells run in any order, and run again. So the value that a name has *now* decides what
travels, and its text is looked for in the cell that made it. The text is arranged by what needs what, not by the order
in which cells ran: the same definitions are the same bytes, and a step is found in the cache.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import functools
import importlib
import inspect
import logging
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from milonga.compiler.trace.arrangement import arrange
from milonga.compiler.trace.cells import cells_of, shown_places
from milonga.compiler.trace.extraction import Extraction, Home, closure_of, definition_text, undecorated
from milonga.compiler.trace.named_values import is_elsewhere, is_literal, is_of_the_shell, is_pythons_own, literal_text
from milonga.compiler.trace.statements import Statement
from milonga.dsl.definition import Definition
from milonga.errors import AuthoringError

_LITERAL_CHARACTERS_MAX = 20_000
_OBJECT_BYTES_MAX = 4 * 1024 * 1024
_FUTURE_ANNOTATIONS = importlib.import_module("__future__").annotations.compiler_flag
_DEFINED_ONCE = (type, types.FunctionType, types.MethodDescriptorType, logging.Logger, Definition)
_DEPTH_MAX = 6


class NotebookExtraction(Extraction):
    """One function's journey out of a notebook. `providers` says which statements were taken for a name."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self.where = shown_places(self.where)
        self.cells = cells_of(self.globals, function.__code__.co_filename)
        self.future = bool(function.__code__.co_flags & _FUTURE_ANNOTATIONS)
        self.providers: dict[str, list[Statement]] = {}

    def root(self) -> tuple[Statement, Home]:
        """The statement that defines the function, and its cell."""
        statement = self.cells.statement_of_function(self.function)
        if statement is None:
            raise self.unknown_source()
        return statement, self.cells.home_of(statement)

    def add(
        self, name: str, statements: Sequence[Statement], home: Home, closure: Mapping[str, Any] | None = None
    ) -> None:
        """Take `statements`, which define `name`, and what they use.

        Raises:
            AuthoringError: E180, one of them works in a notebook only.
        """
        self.providers.setdefault(name, list(statements))
        for statement in statements:
            if _awaits(statement.node):
                raise self._only_in_a_notebook(name, "awaits outside of a function")
        super().add(name, statements, home, closure)

    def arranged(self) -> list[Statement]:
        """The chosen statements, by what needs what."""
        chosen_for = {id(item): name for name, items in self.providers.items() for item in items}
        shown = [
            dataclasses.replace(item, node=undecorated(item.node)) if self.is_component(chosen_for[id(item)]) else item
            for item in self.chosen
        ]
        places = {id(item): place for place, item in enumerate(self.chosen)}
        providers = {name: [shown[places[id(item)]] for item in items] for name, items in self.providers.items()}
        uses = [self.uses(chosen_for[id(item)], item) for item in self.chosen]
        order = {id(item): self.chosen[place] for place, item in enumerate(shown)}
        return [order[id(item)] for item in arrange(shown, uses, providers)]

    def is_builtin(self, name: str, home: Home) -> bool:
        """Whether Python itself gives the name; IPython replaces some, such as `open`, by its own."""
        if name in self.globals:
            return is_pythons_own(name) and is_of_the_shell(self.globals[name]) and not self._imported(name)
        return is_pythons_own(name)

    def take(self, name: str, home: Home) -> bool:
        """Take what makes the value that a name has now; whether it has one."""
        if name not in self.globals:
            if is_of_the_shell(getattr(builtins, name, None)):
                raise self._only_in_a_notebook(name, "is a command of the notebook")
            return False
        lines = self._imported(name)
        if lines:
            self._add_lines(name, lines)
        elif is_of_the_shell(self.globals[name]) and not is_literal(self.globals[name]):  # lines of `!ls` are
            raise self._only_in_a_notebook(name, "is a command of the notebook")
        else:
            self._take_now(name, self.globals[name], home, self.cells.by_name.get(name, []))
        return True

    def take_value(self, name: str, value: Any) -> None:
        """A variable of an outer function, whose statement is not asked for."""
        self._take_now(name, value, {}, [])

    def _imported(self, name: str) -> list[str]:
        return self.cells.imports_of(name, self.globals[name])

    def _take_now(self, name: str, value: Any, home: Home, found: Sequence[Statement]) -> None:
        function, known = _function_of(value), str(getattr(value, "_name", ""))
        if inspect.ismodule(value):
            self._add_lines(name, [f"import {value.__name__}" + (f" as {name}\n" if name != value.__name__ else "\n")])
        elif inspect.isfunction(function) or inspect.isclass(function):
            self._take_definition_of(name, value, found)
        elif (text := _short_literal(value)) is not None:
            self._add_lines(name, [f"{name} = {text}\n"])
        elif found and (name in home or is_constant(value)):
            self.add(name, found, self.cells.home_of(found[0]))
        elif getattr(typing, known, None) is value:
            self._add_lines(name, [f"from typing import {known} as {name}\n"])
        else:
            raise self.cannot_travel(name, _described(value))

    def cannot_travel(self, name: str, got: str) -> AuthoringError:
        """A name whose value has no text, or belongs to this session only."""
        error = super().cannot_travel(name, got)
        error.expected = "an import, a function, a class or a constant"
        error.hint = "load or build it inside the function, or pass it as an input (data as an artifact)"
        return error

    def _take_definition_of(self, name: str, value: Any, found: Sequence[Statement]) -> None:
        """A function, class or component: from its own statement, whatever name it goes by."""
        function = _function_of(value)
        if is_elsewhere(function, self.function):
            if "." in function.__qualname__:
                raise self.cannot_travel(name, f"{function.__qualname__}, which is inside another definition")
            self._add_lines(name, [f"from {function.__module__} import {function.__qualname__} as {name}\n"])
            return
        original = inspect.unwrap(function) if inspect.isfunction(function) else function
        is_function = inspect.isfunction(original)
        found_by = self.cells.statement_of_function if is_function else self.cells.statement_of_class
        statement = found_by(original) or _from_file(original)
        closure = closure_of(original) if is_function else {}
        if statement is not None and name in statement.binds:
            changes = found[1:] if found and found[0] is statement else ()
            self.add(name, [statement, *changes], self.cells.home_of(statement), closure)
        elif found and not isinstance(value, Definition) and not self._is_old_alias(found[-1], value):
            self.add(name, found, self.cells.home_of(found[0]))
        elif statement is not None:
            self._take_alias(name, original.__name__, value, statement, closure)
        else:
            raise AuthoringError("E150", f"the source of '{name}' cannot be found", where=self.where)

    def _is_old_alias(self, statement: Statement, value: Any) -> bool:
        """`g = f`, where f has got another meaning since."""
        source = statement.node.value if isinstance(statement.node, ast.Assign) else None
        return isinstance(source, ast.Name) and self.globals.get(source.id) is not value

    def _take_alias(self, name: str, own: str, value: Any, statement: Statement, closure: Mapping[str, Any]) -> None:
        """A function under another name than its own, such as a component with other options."""
        is_the_global = _function_of(self.globals.get(own)) is _function_of(value)
        known = self.held.get(own, self.globals.get(own))
        if own in self.names and _function_of(known) is not _function_of(value):
            raise self.clash(own)
        if own not in self.names:
            if not is_the_global:
                self.held[own] = value
            self.add(own, [statement], self.cells.home_of(statement), closure)
        made = _made(name, f"{name} = {own}\n")  # not through `add`: what it needs is there, and may be no global
        self.chosen.append(made)
        self.providers[name] = [made]

    def _add_lines(self, name: str, lines: Sequence[str]) -> None:
        """Take statements that are made here rather than found."""
        self.add(name, [_made(name, line) for line in lines], {})

    def _only_in_a_notebook(self, name: str, reason: str) -> AuthoringError:
        return AuthoringError(
            "E180",
            f"'{self.function.__name__}' uses what only a notebook has: '{name}' {reason}",
            where=self.where,
            expected="Python that a task can run by itself",
            hint="lines with ! and %, display() and a top-level await belong into cells; a component uses plain Python",
        )


def _function_of(value: Any) -> Any:
    """The function of a component, anything else as it is."""
    return value.__dict__.get("function", value) if isinstance(value, Definition) else value


def _made(name: str, line: str) -> Statement:
    return Statement(ast.parse(line).body[0], line, frozenset({name}), (-1, 0))


def _from_file(value: Any) -> Statement | None:
    """A definition that `%run` has brought from a file."""
    text = definition_text(value)
    return Statement(ast.parse(text).body[0], text, frozenset({value.__name__}), (-1, 0)) if text else None


def _short_literal(value: Any) -> str | None:
    """The value as a literal, None when it is none or takes a page to write down."""
    if sys.getsizeof(value) > _OBJECT_BYTES_MAX or not is_literal(value):
        return None
    text = literal_text(value)
    return text if len(text) <= _LITERAL_CHARACTERS_MAX else None


def is_constant(value: Any, depth: int = 0) -> bool:
    """Whether a value says by itself what it is, so that its statement can be repeated in a task.

    Functions, classes and values that are equal by content and cannot change (a pattern, a path, a date), and
    containers and data classes of such. Not data that was loaded, a fitted model, a lock or an open file.
    """
    if depth > _DEPTH_MAX:
        return False
    inner: list[Any] | None = None
    if isinstance(value, dict):
        inner = [*value, *value.values()]
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner = list(value)
    elif isinstance(value, functools.partial):
        inner = [value.func, *value.args, *value.keywords.values()]
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        inner = [getattr(value, field.name, None) for field in dataclasses.fields(value)]
    if inner is not None:
        return len(inner) <= _LITERAL_CHARACTERS_MAX and all(is_constant(item, depth + 1) for item in inner)
    if isinstance(value, _DEFINED_ONCE) or hasattr(value, "__wrapped__"):
        return True
    if isinstance(value, types.BuiltinFunctionType):
        return value.__self__ is None or isinstance(value.__self__, (types.ModuleType, type))
    by_content: Any = type(value).__hash__
    return type(value).__module__ == "typing" or by_content not in (None, object.__hash__)


def _described(value: Any) -> str:
    if is_literal(value):
        return f"a {type(value).__name__} of more than {_LITERAL_CHARACTERS_MAX // 1000} kB as text"
    return f"{type(value).__name__} made in another cell"


def _awaits(node: ast.AST) -> bool:
    """Whether a statement awaits outside of functions, which only a notebook can."""
    if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
        return True
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return False
    return any(_awaits(inner) for inner in ast.iter_child_nodes(node))
