"""What a component's function needs from the module around it, as one Python text that stands by itself.

The function's source is read and every name that it uses is followed to the statement that defines it: imports, helper
functions, classes, constants, other components. Statements keep the author's order and text; decorators of components
are dropped, since in a task a component is only a function. In a file the defining statement is found in the file; in
a notebook the definitions come from the cells that made them, the newest first.

What cannot travel is named: a closure over a run-time object, a variable whose value is no literal.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.compiler.trace.statements import ModuleText, Statement, imports_of, read_module, used_names
from milonga.dsl.definition import Definition
from milonga.dsl.places import place_of_code
from milonga.errors import AuthoringError

_ALWAYS = frozenset({"__name__", "__file__", "__doc__"})
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True, slots=True)
class ExtractedSource:
    """Text that defines a function, and the modules that it imports.

    Attributes:
        text: the source.
        imports: dotted names of the imported modules, nested imports included.
    """

    text: str
    imports: tuple[str, ...]


def extract(function: Callable[..., Any], name: str) -> ExtractedSource:
    """The text that defines `function` under `name`, and everything that it needs.

    Raises:
        AuthoringError: E150 the source cannot be found, E151 something that it uses cannot travel.
    """
    return _Extraction(function).run()


class _Extraction:
    """One function's journey: `names` are those that the text will define, `chosen` the statements that do so.

    A name stands for one thing in the text, although the author's functions may see different things under it, a
    module's global here and a variable of an outer function there. `held` keeps what was taken from outer functions,
    so that such a clash is found.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.where = str(place_of_code(function.__code__))
        self.globals = function.__globals__
        self.file = inspect.getsourcefile(function) or function.__code__.co_filename
        self.is_notebook = self.file.startswith("<") or not Path(self.file).exists() or "ipykernel" in self.file
        self.names: set[str] = set()
        self.chosen: list[Statement] = []
        self.held: dict[str, Any] = {}
        self.extra: list[str] = []
        self.future = False

    def run(self) -> ExtractedSource:
        module = self._module_of(self.file)
        root = self._statement_of_function(module)
        self._add(self.function.__name__, [root], module, closure_of(self.function))
        texts = [self._render(item) for item in sorted(self.chosen, key=lambda item: item.order)]
        future = "from __future__ import annotations\n" if self.future else ""
        text = future + "".join(self._spaced([*self.extra, *texts]))
        return ExtractedSource(text, tuple(sorted(imports_of(ast.parse(text)))))

    @staticmethod
    def _spaced(texts: list[str]) -> Iterator[str]:
        for text in texts:
            yield ("\n\n" + text) if text.startswith(("def ", "class ", "async ", "@")) else text

    def _module_of(self, file: str) -> ModuleText:
        linecache.checkcache(file)  # the file may have been edited and loaded again
        text = "".join(linecache.getlines(file)) or (Path(file).read_text("utf-8") if Path(file).is_file() else "")
        if not text:
            raise AuthoringError(
                "E150",
                f"the source of component '{self.function.__name__}' cannot be found",
                where=self.where,
                hint="define it in a file or a notebook cell, not with exec()",
            )
        self.future = self.future or "from __future__ import annotations" in text
        return read_module(without_magics(text) if self.is_notebook else text)

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

    def _add(
        self, name: str, statements: list[Statement], module: ModuleText, closure: Mapping[str, Any] | None = None
    ) -> None:
        """Take `statements`, which define `name`, and what they use. `closure` is what their function closes over."""
        self.names.add(name)
        for statement in statements:
            if statement in self.chosen:
                continue
            self.chosen.append(statement)
            node: ast.AST = statement.node
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                continue
            if self._is_component(name):
                node = _undecorated(node)
            for used in sorted(used_names(node)):
                self._require(used, module, closure or {})

    def _is_component(self, name: str) -> bool:
        known = (self.globals.get(name), self.held.get(name))
        return name == self.function.__name__ or any(isinstance(value, Definition) for value in known)

    def _require(self, name: str, module: ModuleText, closure: Mapping[str, Any]) -> None:
        if name in closure:
            self._require_held(name, closure[name])
        elif name in _ALWAYS or (name in _BUILTINS and name not in module.by_name and name not in self.globals):
            return
        elif name in self.names:
            if name in self.held and not _is_same(self.held[name], self.globals.get(name)):
                raise self._clash(name)
        elif name in module.by_name:
            self._add(name, module.by_name[name], module)
        elif name in self.globals:
            self._from_value(name, self.globals[name])
        else:
            raise AuthoringError(
                "E151",
                f"'{self.function.__name__}' uses '{name}', which is not defined",
                where=self.where,
                hint="define it at the top level of the module, or import it",
            )

    def _require_held(self, name: str, value: Any) -> None:
        """A variable of an outer function."""
        if name in self.names:
            if not _is_same(value, self.held[name] if name in self.held else self.globals.get(name)):
                raise self._clash(name)
            return
        self.held[name] = value
        self._from_value(name, value)

    def _clash(self, name: str) -> AuthoringError:
        return AuthoringError(
            "E151",
            f"'{self.function.__name__}' and what it calls know two things under the name '{name}'",
            where=self.where,
            hint="give one of them another name",
        )

    def _from_value(self, name: str, value: Any) -> None:
        """A name whose statement is not in the module: a notebook global, or a variable of an outer function."""
        self.names.add(name)
        if inspect.ismodule(value):
            line = f"import {value.__name__}" + (f" as {name}\n" if name != value.__name__ else "\n")
            self.extra.append(line)
        elif isinstance(value, Definition) and value.__dict__.get("function") is not None:
            self._from_definition(name, value.function)
        elif inspect.isfunction(value) or inspect.isclass(value):
            self._from_definition(name, value)
        elif _is_literal(value):
            self.extra.append(f"{name} = {value!r}\n")
        elif getattr(value, "__module__", "") == "typing" or type(value).__module__ == "typing":
            self.extra.append(f"from typing import {getattr(value, '_name', None) or name} as {name}\n")
        else:
            raise AuthoringError(
                "E151",
                f"'{self.function.__name__}' uses '{name}', which cannot travel into a task",
                where=self.where,
                got=f"{type(value).__name__} made at run time",
                expected="an import, a function, a class or a literal constant at the top level",
                hint="build it inside the function, or pass it as a parameter",
            )

    def _from_definition(self, name: str, value: Any) -> None:
        module_name = getattr(value, "__module__", "")
        defined_here = module_name in (self.function.__module__, "__main__") or "<locals>" in value.__qualname__
        if not defined_here:
            self.extra.append(f"from {module_name} import {value.__qualname__} as {name}\n")
            return
        text = definition_text(value)
        if not text:
            raise AuthoringError("E150", f"the source of '{name}' cannot be found", where=self.where)
        order = (1, getattr(getattr(value, "__code__", None), "co_firstlineno", 0))
        statement = Statement(ast.parse(text).body[0], text, frozenset({name}), order)
        closure = closure_of(value) if inspect.isfunction(value) else {}
        self._add(name, [statement], ModuleText(""), closure)

    # The text --------------------------------------------------------------------------------------------------

    def _render(self, statement: Statement) -> str:
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
        if is_function and any(self._is_component(name) for name in statement.binds & self.names):
            return _without_decorators(statement.text)
        return statement.text


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


def without_magics(cell: str) -> str:
    """A notebook's cell as Python, line numbers kept."""
    return "".join(line if not line.lstrip().startswith(("%", "!")) else "\n" for line in cell.splitlines(True))


def definition_text(value: Any) -> str:
    """The source of a function or class, dedented; "" when it is nowhere.

    For a class of a notebook Python looks into the file of `__main__`, which has none: its cell is found by its name.
    """
    try:
        return textwrap.dedent(inspect.getsource(value))
    except (OSError, TypeError):
        pass
    for file in reversed(list(linecache.cache)):
        if not (file.startswith("<") or "ipykernel" in file):
            continue
        try:
            cell = ModuleText(without_magics("".join(linecache.getlines(file))))
        except SyntaxError:
            continue
        for statement in reversed(cell.by_name.get(value.__qualname__, [])):
            if isinstance(statement.node, ast.ClassDef):
                return statement.text
    return ""


def _undecorated(node: ast.AST) -> ast.AST:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        copy = ast.parse(ast.unparse(node)).body[0]
        if isinstance(copy, (ast.FunctionDef, ast.AsyncFunctionDef)):
            copy.decorator_list = []
        return copy
    return node


def _without_decorators(text: str) -> str:
    node = ast.parse(text).body[0]
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or not node.decorator_list:
        return text
    return "".join(text.splitlines(keepends=True)[node.lineno - 1 :])


def _is_literal(value: Any) -> bool:
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def _is_same(left: Any, right: Any) -> bool:
    """Whether two values are one thing in a text: the same object, or equal literals."""
    return left is right or (_is_literal(left) and _is_literal(right) and repr(left) == repr(right))
