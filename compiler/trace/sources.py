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
import symtable
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.dsl.definition import Definition
from milonga.dsl.places import place_of_code
from milonga.errors import AuthoringError

_BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__"}


@dataclass(frozen=True, slots=True)
class ExtractedSource:
    """Text that defines a function, and the modules that it imports.

    Attributes:
        text: the source.
        imports: dotted names of the imported modules, nested imports included.
    """

    text: str
    imports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Statement:
    """A top-level statement: its text, the names that it binds, and where it stands (for the order)."""

    node: ast.stmt
    text: str
    binds: frozenset[str]
    order: tuple[int, int]


class _Module:
    """The top-level statements of a file, by the names that they bind; a later binding wins."""

    def __init__(self, text: str, unit: int = 0) -> None:
        self.text = text
        self.lines = text.splitlines(keepends=True)
        self.tree = ast.parse(text)
        self.statements: list[_Statement] = []
        self.by_name: dict[str, _Statement] = {}
        for node in _top_level(self.tree.body):
            statement = _Statement(node, self._segment(node), frozenset(_bound_names(node)), (unit, node.lineno))
            self.statements.append(statement)
            for name in statement.binds:
                self.by_name[name] = statement

    def _segment(self, node: ast.stmt) -> str:
        first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
        text = "".join(self.lines[first - 1 : node.end_lineno])
        return textwrap.dedent(text).rstrip() + "\n"


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements at module level, looking into `if TYPE_CHECKING`, `try: import` and the like."""
    for node in body:
        if isinstance(node, ast.If):
            if not _is_main_guard(node.test):
                yield from _top_level(node.body)
                yield from _top_level(node.orelse)
        elif isinstance(node, ast.Try) and all(isinstance(item, (ast.Import, ast.ImportFrom)) for item in node.body):
            yield node
        else:
            yield node


def _is_main_guard(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _bound_names(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.asname or alias.name.split(".")[0]
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name
    elif isinstance(node, ast.Try):
        for child in [*node.body, *(item for handler in node.handlers for item in handler.body), *node.orelse]:
            yield from _bound_names(child)
    elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            for inner in ast.walk(target):
                if isinstance(inner, ast.Name):
                    yield inner.id


def used_names(node: ast.AST) -> set[str]:
    """Module-level names that a statement needs: what its code reads as globals, and what its annotations name."""
    table = symtable.symtable(ast.unparse(node), "<statement>", "exec")
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    for inner in table.get_children():
        names |= _globals_of(inner)
    for inner_node in ast.walk(node):
        for annotation in (getattr(inner_node, "annotation", None), getattr(inner_node, "returns", None)):
            if isinstance(annotation, ast.AST):
                names |= _names_of_annotation(annotation)
    return names


def _globals_of(table: symtable.SymbolTable) -> set[str]:
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    for inner in table.get_children():
        names |= _globals_of(inner)
    return names


def _names_of_annotation(annotation: ast.AST) -> set[str]:
    """Names in an annotation, a quoted annotation included; the text in `Literal["x"]` is a value."""
    names: set[str] = set()
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node is annotation:
            names |= _names_of_text(node.value)
    return names


def _names_of_text(text: str) -> set[str]:
    try:
        return {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}
    except SyntaxError:
        return set()


def extract(function: Callable[..., Any], name: str) -> ExtractedSource:
    """The text that defines `function` under `name`, and everything that it needs.

    Raises:
        AuthoringError: E150 the source cannot be found, E151 something that it uses cannot travel.
    """
    return _Extraction(function, name).run()


class _Extraction:
    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.function = function
        self.name = name
        self.where = str(place_of_code(function.__code__))
        self.globals = function.__globals__
        self.file = inspect.getsourcefile(function) or function.__code__.co_filename
        self.is_notebook = self.file.startswith("<") or not Path(self.file).exists() or "ipykernel" in self.file
        self.chosen: dict[str, _Statement] = {}
        self.extra: list[str] = []
        self.future = False

    def run(self) -> ExtractedSource:
        module = self._module_of(self.file)
        root = self._statement_of_function(module)
        self._add(self.function.__name__, root, module)
        self._follow_closure()
        ordered = sorted({id(item): item for item in self.chosen.values()}.values(), key=lambda item: item.order)
        texts = [self._render(item) for item in ordered]
        future = "from __future__ import annotations\n" if self.future else ""
        text = future + "".join(self._spaced([*self.extra, *texts]))
        return ExtractedSource(text, tuple(sorted(_imports(ast.parse(text)))))

    @staticmethod
    def _spaced(texts: list[str]) -> Iterator[str]:
        for text in texts:
            yield ("\n\n" + text) if text.startswith(("def ", "class ", "async ", "@")) else text

    def _module_of(self, file: str) -> _Module:
        text = "".join(linecache.getlines(file)) or (Path(file).read_text("utf-8") if Path(file).is_file() else "")
        if not text:
            raise AuthoringError(
                "E150",
                f"the source of component '{self.function.__name__}' cannot be found",
                where=self.where,
                hint="define it in a file or a notebook cell, not with exec()",
            )
        if self.is_notebook:  # a cell may hold magics, which are no Python
            text = "".join(line if not line.lstrip().startswith(("%", "!")) else "\n" for line in text.splitlines(True))
        self.future = self.future or "from __future__ import annotations" in text
        return _Module(text)

    def _statement_of_function(self, module: _Module) -> _Statement:
        statement = module.by_name.get(self.function.__name__)
        if statement is not None and isinstance(statement.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            code_line = self.function.__code__.co_firstlineno
            first = min([statement.node.lineno, *(item.lineno for item in statement.node.decorator_list)])
            if first <= code_line <= (statement.node.end_lineno or first):
                return statement
        return self._nested_function(module)

    def _nested_function(self, module: _Module) -> _Statement:
        """A function defined inside another one, such as in a test: its own lines, dedented."""
        line = self.function.__code__.co_firstlineno
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef) and node.name == self.function.__name__:
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                if first == line or node.lineno == line:
                    text = textwrap.dedent("".join(module.lines[first - 1 : node.end_lineno])).rstrip() + "\n"
                    return _Statement(ast.parse(text).body[0], text, frozenset({node.name}), (0, first))
        raise AuthoringError(
            "E150", f"the source of component '{self.function.__name__}' cannot be found", where=self.where
        )

    def _add(self, name: str, statement: _Statement, module: _Module) -> None:
        if name in self.chosen:
            return
        self.chosen[name] = statement
        node: ast.AST = statement.node
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return
        if self._is_component(name):
            node = _undecorated(node)
        for used in sorted(used_names(node)):
            self._require(used, module)

    def _is_component(self, name: str) -> bool:
        return name == self.function.__name__ or isinstance(self.globals.get(name), Definition)

    def _require(self, name: str, module: _Module) -> None:
        if name in self.chosen or (name in _BUILTINS and name not in module.by_name):
            return
        statement = module.by_name.get(name)
        if statement is not None:
            self._add(name, statement, module)
        elif name in self._closure():
            return
        elif name in self.globals:
            self._from_value(name, self.globals[name])
        elif name not in _BUILTINS:
            raise AuthoringError(
                "E151",
                f"'{self.function.__name__}' uses '{name}', which is not defined",
                where=self.where,
                hint="define it at the top level of the module, or import it",
            )

    def _closure(self) -> dict[str, Any]:
        cells = self.function.__closure__ or ()
        found: dict[str, Any] = {}
        for name, cell in zip(self.function.__code__.co_freevars, cells, strict=True):
            try:
                found[name] = cell.cell_contents
            except ValueError:  # not yet assigned, such as a class that names itself
                continue
        return found

    def _follow_closure(self) -> None:
        for name, value in self._closure().items():
            if name not in self.chosen:
                self._from_value(name, value)

    def _from_value(self, name: str, value: Any) -> None:
        """A name whose statement is not in the module: a notebook global, or a variable of an outer function."""
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
        self.chosen.setdefault(name, _Statement(ast.Pass(), "", frozenset({name}), (-1, 0)))

    def _from_definition(self, name: str, value: Any) -> None:
        module_name = getattr(value, "__module__", "")
        defined_here = module_name in (self.function.__module__, "__main__") or "<locals>" in value.__qualname__
        if not defined_here:
            self.extra.append(f"from {module_name} import {value.__qualname__} as {name}\n")
            return
        try:
            text = textwrap.dedent(inspect.getsource(value))
        except (OSError, TypeError):
            raise AuthoringError("E150", f"the source of '{name}' cannot be found", where=self.where) from None
        statement = ast.parse(text).body[0]
        node: ast.AST = statement
        is_component = isinstance(self.globals.get(name), Definition) or isinstance(
            self._closure().get(name), Definition
        )
        node = _undecorated(node) if is_component else node
        order = (1, getattr(getattr(value, "__code__", None), "co_firstlineno", 0))
        self.chosen[name] = _Statement(statement, text, frozenset({name}), order)
        empty = _Module("")
        for used in sorted(used_names(node)):
            self._require(used, empty)

    def _render(self, statement: _Statement) -> str:
        node = statement.node
        if isinstance(node, ast.Pass) and not statement.text:
            return ""
        if isinstance(node, ast.ImportFrom):
            if node.module == "__future__":
                return ""
            wanted = [alias for alias in node.names if (alias.asname or alias.name) in self.chosen]
            return ast.unparse(ast.ImportFrom(node.module, wanted, node.level)) + "\n"
        if isinstance(node, ast.Import):
            wanted = [alias for alias in node.names if (alias.asname or alias.name.split(".")[0]) in self.chosen]
            return ast.unparse(ast.Import(wanted)) + "\n"
        names = statement.binds & set(self.chosen)
        if any(self._is_component(name) for name in names) and isinstance(
            node, (ast.FunctionDef, ast.AsyncFunctionDef)
        ):
            return _without_decorators(statement.text)
        return statement.text


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


def _imports(tree: ast.AST) -> set[str]:
    """Dotted names of all modules that the code under `tree` imports; `from a import b` counts as a and a.b."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


imports_of = _imports
