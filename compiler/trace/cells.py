"""The cells that a notebook's kernel has run: which of their statements makes a name what it is now.

A cell is known to Python under the name of a temporary file that does not exist, which never leaves this process: what
is taken from a cell is text, found by content. The order of the cells is that in which they ran, read from the kernel's
own record of its inputs; without one (a plain prompt, another notebook program) it is that of `linecache`.
"""

from __future__ import annotations

import ast
import functools
import linecache
import os
import re
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import CodeType
from typing import Any

from milonga.compiler.trace.statements import ModuleText, Statement, by_name

_TEMPORARY = re.compile(r"[\\/]ipykernel_\d+[\\/]")
_PLACE = re.compile(r"(?P<file>[^\s'\"(]*[\\/]ipykernel_\d+[\\/][^\s:]+|<(?:ipython|python)-input[^>]*>):(?P<line>\d+)")
_FAMILY = re.compile(r"<[A-Za-z-]*[A-Za-z]")
_RUN_THEIR_CODE = frozenset({"capture", "prun", "time"})
"""Magics that run what follows them as code of the notebook."""


def is_cell(file: str) -> bool:
    """Whether a code's file name stands for a cell or a prompt, not for a file."""
    return file.startswith("<") or bool(_TEMPORARY.search(file)) or not Path(file).exists()


class Cells:
    """All statements that have run in one namespace, in their order.

    Attributes:
        by_name: for each name the statements that make it what it is.
        bindings: for each name all statements that bind it, the newest last.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._units = {text: unit for unit, text in enumerate(texts)}
        self._statements = [
            [replace(statement, order=(unit, index)) for index, statement in enumerate(read_cell(text))]
            for unit, text in enumerate(texts)
        ]
        statements = [statement for cell in self._statements for statement in cell]
        self.by_name = by_name(statements)
        self.bindings: dict[str, list[Statement]] = {}
        self._homes: dict[int, dict[str, list[Statement]]] = {}
        for statement in statements:
            for name in statement.binds:
                self.bindings.setdefault(name, []).append(statement)
        for name, found in self.by_name.items():
            self._homes.setdefault(found[0].order[0], {})[name] = found

    def home_of(self, statement: Statement) -> Mapping[str, Sequence[Statement]]:
        """The names that have their value from the cell of `statement`, with the statements that make them."""
        return self._homes.get(statement.order[0], {})

    def statement_of_function(self, function: Callable[..., Any]) -> Statement | None:
        """The definition that made `function`, at the top level or inside another function of its cell."""
        code = function.__code__
        unit = self._units.get(cell_text(code.co_filename), -1)
        cell = self._statements[unit] if unit >= 0 else []
        for statement in cell:
            if isinstance(statement.node, _FUNCTIONS) and _is_at(statement.node, code):
                return statement
        for statement in cell:
            for node in ast.walk(statement.node):
                if isinstance(node, _FUNCTIONS) and _is_at(node, code):
                    return _inside(statement, node)
        found = [item for item in self.bindings.get(code.co_name, ()) if isinstance(item.node, _FUNCTIONS)]
        return next((item for item in reversed(found) if _makes(item, code)), None)

    def statement_of_class(self, value: type) -> Statement | None:
        """The newest definition of a class with the members that `value` has; it may stand inside a function."""
        found = self.bindings.get(value.__name__, ())
        for statement in reversed(found):
            if isinstance(statement.node, ast.ClassDef) and _has_members(value, statement.node):
                return statement
        if "<locals>" not in value.__qualname__:
            return None
        for cell in reversed(self._statements):
            for statement in cell:
                for node in ast.walk(statement.node) if value.__name__ in statement.text else ():
                    if isinstance(node, ast.ClassDef) and node.name == value.__name__ and _has_members(value, node):
                        return _inside(statement, node)
        return None

    def imports_of(self, name: str, value: Any) -> list[str]:
        """The lines that import `value` under `name`, if that is where the notebook has it from; the shortest form."""
        lines: list[str] = []
        for statement in reversed((*self.bindings.get("*", ()), *self.bindings.get(name, ()))):
            line = _import_line(statement.node, name, value)
            if line is not None:
                lines.append(line)
            if "*" not in statement.binds and (line is None or not line.startswith("import ") or " as " in line):
                break  # only `import a.b` and `import a` stand beside each other
        return sorted(set(lines))


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def cells_of(namespace: Mapping[str, Any], file: str) -> Cells:
    """The cells behind a namespace, of which `file` is one."""
    recorded = _recorded_inputs(namespace)
    family, known = _family(file), set(recorded)
    kept = [cell_text(name) for name in list(linecache.cache) if _family(name) == family]
    return _read_cells((*(text for text in kept if text and text not in known), *recorded))


@functools.lru_cache(maxsize=4)
def _read_cells(texts: tuple[str, ...]) -> Cells:
    """Read once for all the components of a notebook."""
    return Cells(texts)


def _recorded_inputs(namespace: Mapping[str, Any]) -> tuple[str, ...]:
    """The code of all cells so far, if the namespace is that of an IPython session; nothing is imported for it."""
    shell = session()
    if shell is None or getattr(shell, "user_ns", None) is not namespace:
        return ()
    return tuple(str(text).rstrip("\n") for text in shell.history_manager.input_hist_parsed)


def session() -> Any:
    """The running IPython shell, None outside of one."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None


def _family(file: str) -> str:
    """What the names of all cells of a session have in common."""
    match = _FAMILY.match(file)
    return match.group() if match else os.path.dirname(file) if _TEMPORARY.search(file) else file  # noqa: PTH120


def cell_text(file: str) -> str:
    """The text of a cell, "" when it is not known."""
    return "".join(linecache.getlines(file)).rstrip("\n")


@functools.lru_cache(maxsize=4096)
def read_cell(text: str) -> tuple[Statement, ...]:
    """The statements of a cell; none of one that is no Python, such as a shell script."""
    module = _parsed(text) or _parsed(without_commands(text))
    if module is None:
        return ()
    statements: list[Statement] = []
    for statement in module.statements:
        inner = _code_under_magic(statement.node)
        statements += read_cell(inner) if inner else [statement]
    return tuple(statements)


def _parsed(text: str) -> ModuleText | None:
    try:
        return ModuleText(text)
    except (SyntaxError, ValueError):
        return None


def _code_under_magic(node: ast.stmt) -> str:
    """The code that `%%time`, `%%capture` or `%time` runs, in the form that IPython gives to such a cell."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
        return ""
    given = [item.value for item in call.args if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    if call.func.attr not in ("run_cell_magic", "run_line_magic") or not given or given[0] not in _RUN_THEIR_CODE:
        return ""
    return given[-1] if len(given) == len(call.args) else ""


def without_commands(cell: str) -> str:
    """A cell as Python where it holds lines for the shell or the notebook; line numbers are kept."""
    return "".join(line if not line.lstrip().startswith(("%", "!")) else "\n" for line in cell.splitlines(True))


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)])


def _is_at(node: ast.FunctionDef | ast.AsyncFunctionDef, code: CodeType) -> bool:
    return (node.name, _first_line(node)) == (code.co_name, code.co_firstlineno)


def _inside(statement: Statement, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Statement:
    """A definition inside another one, dedented."""
    top = _first_line(statement.node)
    lines = statement.text.splitlines(keepends=True)[
        _first_line(node) - top : (node.end_lineno or node.lineno) - top + 1
    ]
    text = textwrap.dedent("".join(lines)).rstrip() + "\n"
    return Statement(ast.parse(text).body[0], text, frozenset({node.name}), statement.order)


def _makes(statement: Statement, code: CodeType) -> bool:
    """Whether a definition compiles to this very code."""
    try:
        todo: list[Any] = [compile(statement.text, "<cell>", "exec", dont_inherit=True)]
    except SyntaxError:
        return False
    while todo:
        made = todo.pop()
        if made.co_name == code.co_name and (made.co_code, made.co_names) == (code.co_code, code.co_names):
            return True
        todo += [item for item in made.co_consts if isinstance(item, CodeType)]
    return False


def _has_members(value: type, node: ast.ClassDef) -> bool:
    """Whether the class has every method and field that the definition names."""
    members = {*vars(value), *vars(value).get("__annotations__", {})}
    named = {item.name for item in node.body if isinstance(item, (*_FUNCTIONS, ast.ClassDef))}
    fields = {
        item.target.id for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    }
    return all(name in members or (name.startswith("__") and not name.endswith("__")) for name in named | fields)


def _import_line(node: ast.stmt, name: str, value: Any) -> str | None:
    """The part of an import statement that gives `value` to `name`; None when it does not."""
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        for alias in node.names:
            holder = sys.modules.get(node.module)
            found = getattr(holder, alias.name, sys.modules.get(f"{node.module}.{alias.name}"))
            if alias.name == "*" and getattr(holder, name, None) is value:
                return f"from {node.module} import {name}\n"
            if (alias.asname or alias.name) == name and found is value:
                return f"from {node.module} import {alias.name}" + (f" as {name}\n" if alias.asname else "\n")
    for alias in node.names if isinstance(node, ast.Import) else ():
        if alias.asname == name and sys.modules.get(alias.name) is value:
            return f"import {alias.name} as {name}\n"
        if alias.asname is None and alias.name.split(".")[0] == name and sys.modules.get(name) is value:
            return f"import {alias.name}\n"
    return None


def shown_places(text: str) -> str:
    """`text` with the temporary files of cells as a person knows them: `In [3], line 2`."""
    shell = session()

    def shown(match: re.Match[str]) -> str:
        inputs = _recorded_inputs(shell.user_ns) if shell is not None else ()
        wanted = cell_text(match["file"])
        numbers = [number for number, recorded in enumerate(inputs) if recorded == wanted]
        cell = f"In [{numbers[-1]}]" if numbers and wanted else "a cell"
        return f"{cell}, line {match['line']}"

    return _PLACE.sub(shown, text)
