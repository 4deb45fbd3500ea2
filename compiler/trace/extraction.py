"""What a function of a file needs from the module around it, as one Python text that stands by itself.

Every name that the function uses is followed to the statement that defines it. Statements keep the author's order and
text; decorators of components are dropped, since in a task a component is only a function.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from milonga.compiler.trace.extracted_source import ExtractedSource
from milonga.compiler.trace.imported_names import imports_of
from milonga.compiler.trace.named_values import is_elsewhere, is_literal, is_pythons_own, is_same, literal_text
from milonga.compiler.trace.statements import ModuleText, Statement, read_module, used_names
from milonga.dsl.definition import Definition
from milonga.dsl.places import place_of_code
from milonga.errors import AuthoringError

Home = Mapping[str, Sequence[Statement]]
"""For each name of the place where a statement stands, the statements that make it what it is."""

_ALWAYS = frozenset({"__name__", "__file__", "__doc__"})


class Extraction:
    """One function's journey: `names` are those that the text will define, `chosen` the statements that do so.

    A name stands for one thing in the text, although the author's functions may see different things under it, a
    module's global here and a variable of an outer function there. `held` keeps what was taken from outer functions,
    so that such a clash is found.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.where = str(place_of_code(function.__code__))
        self.globals = function.__globals__
        self.names: set[str] = set()
        self.chosen: list[Statement] = []
        self.held: dict[str, Any] = {}
        self.extra: list[str] = []
        self.future = False
        self._waiting: deque[tuple[str, Statement, Home, Mapping[str, Any]]] = deque()
        self._known: set[int] = set()

    def run(self) -> ExtractedSource:
        """The text.

        Raises:
            AuthoringError: E150 the source cannot be found, E151 something that it uses cannot travel.
        """
        root, home = self.root()
        self.add(self.function.__name__, [root], home, closure_of(self.function))
        while self._waiting:  # no recursion: helpers may call one another in long chains
            name, statement, where, closure = self._waiting.popleft()
            for used in sorted(self.uses(name, statement)):
                self._require(used, where, closure)
        future = "from __future__ import annotations\n" if self.future else ""
        text = future + "".join(_spaced([*self.extra, *map(self.render, self.arranged())]))
        return ExtractedSource(text, tuple(sorted(imports_of(ast.parse(text)))))

    def arranged(self) -> list[Statement]:
        """The chosen statements in the order of the text: the author's."""
        return sorted(self.chosen, key=lambda item: item.order)

    def root(self) -> tuple[Statement, Home]:
        """The statement that defines the function, and where it stands."""
        file = file_of(self.function)
        linecache.checkcache(file)  # the file may have been edited and loaded again
        text = "".join(linecache.getlines(file)) or (Path(file).read_text("utf-8") if Path(file).is_file() else "")
        if not text:
            raise self.unknown_source()
        self.future = "from __future__ import annotations" in text
        module = read_module(text)
        return self._statement_of_function(module), module.by_name

    def unknown_source(self) -> AuthoringError:
        """The function is defined where no text can be found."""
        return AuthoringError(
            "E150",
            f"the source of component '{self.function.__name__}' cannot be found",
            where=self.where,
            hint="define it in a file or a notebook cell, not with exec()",
        )

    def _statement_of_function(self, module: ModuleText) -> Statement:
        for statement in module.by_name.get(self.function.__name__, ()):
            if isinstance(statement.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                code_line = self.function.__code__.co_firstlineno
                first = min([statement.node.lineno, *(item.lineno for item in statement.node.decorator_list)])
                if first <= code_line <= (statement.node.end_lineno or first):
                    return statement
        return self._nested_function(module)

    def _nested_function(self, module: ModuleText) -> Statement:
        """A function defined inside another one, such as in a test: its own lines, dedented."""
        line = self.function.__code__.co_firstlineno
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef) and node.name == self.function.__name__:
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                if first == line or node.lineno == line:
                    text = textwrap.dedent("".join(module.lines[first - 1 : node.end_lineno])).rstrip() + "\n"
                    return Statement(ast.parse(text).body[0], text, frozenset({node.name}), (0, first))
        raise AuthoringError(
            "E150", f"the source of component '{self.function.__name__}' cannot be found", where=self.where
        )

    # Following names -------------------------------------------------------------------------------------------

    def add(
        self, name: str, statements: Sequence[Statement], home: Home, closure: Mapping[str, Any] | None = None
    ) -> None:
        """Take `statements`, which define `name`; what they use follows. `closure`: what their function closes over."""
        self.names.add(name)
        for statement in statements:
            if id(statement) not in self._known:
                self._known.add(id(statement))
                self.chosen.append(statement)
                self._waiting.append((name, statement, home, closure or {}))

    def uses(self, name: str, statement: Statement) -> set[str]:
        """The names that a statement, taken for `name`, needs from the module."""
        if isinstance(statement.node, (ast.Import, ast.ImportFrom)):
            return set()
        return used_names(undecorated(statement.node) if self.is_component(name) else statement.node)

    def is_component(self, name: str) -> bool:
        """Whether `name` is a component, of which a task takes the function only."""
        known = (self.globals.get(name), self.held.get(name))
        return name == self.function.__name__ or any(isinstance(value, Definition) for value in known)

    def _require(self, name: str, home: Home, closure: Mapping[str, Any]) -> None:
        if name in closure:
            self._require_held(name, closure[name])
        elif name in _ALWAYS or self.is_builtin(name, home):
            return
        elif name in self.names:
            if name in self.held and not is_same(self.held[name], self.globals.get(name)):
                raise self.clash(name)
        elif not self.take(name, home):
            raise AuthoringError(
                "E151",
                f"'{self.function.__name__}' uses '{name}', which is not defined",
                where=self.where,
                hint="define it at the top level of the module, or import it",
            )

    def is_builtin(self, name: str, home: Home) -> bool:
        """Whether Python itself gives the name."""
        return is_pythons_own(name) and name not in home and name not in self.globals

    def take(self, name: str, home: Home) -> bool:
        """Take what defines a name of the module; whether there is such a thing."""
        if name in home:
            self.add(name, home[name], home)
        elif name in self.globals:
            self.take_value(name, self.globals[name])
        else:
            return False
        return True

    def _require_held(self, name: str, value: Any) -> None:
        """A variable of an outer function."""
        if name in self.names:
            if not is_same(value, self.held[name] if name in self.held else self.globals.get(name)):
                raise self.clash(name)
            return
        self.held[name] = value
        self.take_value(name, value)

    def clash(self, name: str) -> AuthoringError:
        """One name that stands for two things."""
        return AuthoringError(
            "E151",
            f"'{self.function.__name__}' and what it calls know two things under the name '{name}'",
            where=self.where,
            hint="give one of them another name",
        )

    def take_value(self, name: str, value: Any) -> None:
        """A name whose statement is not in the module, such as a variable of an outer function."""
        self.names.add(name)
        if inspect.ismodule(value):
            line = f"import {value.__name__}" + (f" as {name}\n" if name != value.__name__ else "\n")
            self.extra.append(line)
        elif isinstance(value, Definition) and value.__dict__.get("function") is not None:
            self._take_definition(name, value.function)
        elif inspect.isfunction(value) or inspect.isclass(value):
            self._take_definition(name, value)
        elif is_literal(value):
            self.extra.append(f"{name} = {literal_text(value)}\n")
        elif getattr(value, "__module__", "") == "typing" or type(value).__module__ == "typing":
            self.extra.append(f"from typing import {getattr(value, '_name', None) or name} as {name}\n")
        else:
            raise self.cannot_travel(name, f"{type(value).__name__} made at run time")

    def cannot_travel(self, name: str, got: str) -> AuthoringError:
        """A name whose value has no text."""
        return AuthoringError(
            "E151",
            f"'{self.function.__name__}' uses '{name}', which cannot travel into a task",
            where=self.where,
            got=got,
            expected="an import, a function, a class or a literal constant at the top level",
            hint="build it inside the function, or pass it as a parameter",
        )

    def _take_definition(self, name: str, value: Any) -> None:
        if is_elsewhere(value, self.function):
            self.extra.append(f"from {value.__module__} import {value.__qualname__} as {name}\n")
            return
        text = definition_text(value)
        if not text:
            raise AuthoringError("E150", f"the source of '{name}' cannot be found", where=self.where)
        order = (1, getattr(getattr(value, "__code__", None), "co_firstlineno", 0))
        statement = Statement(ast.parse(text).body[0], text, frozenset({name}), order)
        self.add(name, [statement], {}, closure_of(value) if inspect.isfunction(value) else {})

    # The text --------------------------------------------------------------------------------------------------

    def render(self, statement: Statement) -> str:
        """A statement as it stands in the text."""
        node = statement.node
        if isinstance(node, ast.ImportFrom):
            if node.module == "__future__":
                return ""
            wanted = [alias for alias in node.names if (alias.asname or alias.name) in self.names]
            return ast.unparse(ast.ImportFrom(node.module, wanted, node.level)) + "\n"
        if isinstance(node, ast.Import):
            wanted = [alias for alias in node.names if (alias.asname or alias.name.split(".")[0]) in self.names]
            return ast.unparse(ast.Import(wanted)) + "\n"
        is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if is_function and any(self.is_component(name) for name in statement.binds & self.names):
            return _without_decorators(statement.text)
        return statement.text


def file_of(function: Callable[..., Any]) -> str:
    """The name of the file that a function is from, as its code has it where no file is found."""
    return inspect.getsourcefile(function) or function.__code__.co_filename


def closure_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The variables of outer functions that `function` uses, by name."""
    code, cells = function.__code__, function.__closure__ or ()
    found: dict[str, Any] = {}
    for name, cell in zip(code.co_freevars, cells, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not yet assigned, such as a class that names itself
            continue
    return found


def undecorated(node: ast.stmt) -> ast.stmt:
    """A function's definition without its decorators; anything else as it is."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        copy = ast.parse(ast.unparse(node)).body[0]
        if isinstance(copy, (ast.FunctionDef, ast.AsyncFunctionDef)):
            copy.decorator_list = []
        return copy
    return node


def definition_text(value: Any) -> str:
    """The source of a function or class, dedented; "" when it is nowhere."""
    try:
        return textwrap.dedent(inspect.getsource(value))
    except (OSError, TypeError):
        return ""


def _without_decorators(text: str) -> str:
    node = ast.parse(text).body[0]
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or not node.decorator_list:
        return text
    return "".join(text.splitlines(keepends=True)[node.lineno - 1 :])


def _spaced(texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield ("\n\n" + text) if text.startswith(("def ", "class ", "async ", "@")) else text
