"""The top-level statements of a module's text: which names each one binds, changes and uses. Immutable once read."""

from __future__ import annotations

import ast
import functools
import symtable
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_COMPOUND = (ast.If, ast.For, ast.While, ast.With, ast.Try)
_COMPREHENSIONS = frozenset({"listcomp", "setcomp", "dictcomp", "genexpr"})
"""Names of the scopes that Python makes for comprehensions, which run at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A top-level statement.

    Attributes:
        node: its syntax tree.
        text: its text.
        binds: the names that it binds.
        order: where it stands: which unit (a file is one, each cell of a notebook is one), and the line.
        changes: names of others whose values it changes in place.
    """

    node: ast.stmt
    text: str
    binds: frozenset[str]
    order: tuple[int, int]
    changes: frozenset[str] = frozenset()


class ModuleText:
    """The top-level statements of a text.

    Attributes:
        tree: the syntax tree.
        lines: the text's lines.
        statements: all of them, in order.
        by_name: for each name the statements that make it what it is, see `by_name`.
    """

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines(keepends=True)
        self.tree = ast.parse(text)
        self.statements = tuple(self._statement(node) for node in _top_level(self.tree.body))
        self.by_name = by_name(self.statements)

    def _statement(self, node: ast.stmt) -> Statement:
        bound = frozenset(_bound_names(node))
        changed = frozenset(_changed_names(node)) - bound
        return Statement(node, self._segment(node), bound, (0, node.lineno), changed)

    def _segment(self, node: ast.stmt) -> str:
        first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
        text = "".join(self.lines[first - 1 : node.end_lineno])
        return textwrap.dedent(text).rstrip() + "\n"


def by_name(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    """For each name the statements that make it what it is after all of them have run, in order.

    That is the last one that binds it for certain, and those after it that change it, may bind it again, or bind it to
    something made of itself (`data = data[1:]`). Of `import a.b` and `import a.c` each adds to `a`.
    """
    found: dict[str, list[Statement]] = {}
    imported: set[str] = set()
    for statement in statements:
        is_import = isinstance(statement.node, (ast.Import, ast.ImportFrom))
        for name in statement.binds:
            known = found.setdefault(name, [])
            if not _adds_to(statement.node, name, known):
                known.clear()
                imported = (imported | {name}) if is_import else (imported - {name})
            known.append(statement)
        for name in statement.changes - imported:
            if name in found:
                found[name].append(statement)
    return found


def _adds_to(node: ast.stmt, name: str, known: list[Statement]) -> bool:
    """Whether a statement that binds `name` needs the earlier ones that did."""
    if isinstance(node, _COMPOUND):
        return True
    if isinstance(node, ast.Import) and known and isinstance(known[0].node, ast.Import):
        return all(_is_submodule_of(name, item) for item in (node, *(statement.node for statement in known)))
    value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
    return value is not None and bool(known) and name in eager_names(ast.Expr(value))


def _is_submodule_of(name: str, node: ast.stmt) -> bool:
    """Whether `node` binds the package `name` by importing it or something in it, under its own name."""
    aliases = node.names if isinstance(node, ast.Import) else []
    return any(alias.asname is None and alias.name.split(".")[0] == name for alias in aliases)


@functools.lru_cache(maxsize=8)
def read_module(text: str) -> ModuleText:
    """The statements of `text`, read once for all the components of a file."""
    return ModuleText(text)


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements at module level. A condition around definitions that may be components is looked through."""
    for node in body:
        if not isinstance(node, ast.If):
            yield node
        elif not _is_main_guard(node.test):
            if any(isinstance(inner, ast.FunctionDef) and inner.decorator_list for inner in ast.walk(node)):
                yield from _top_level(node.body)
                yield from _top_level(node.orelse)
            else:
                yield node


def _is_main_guard(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _bound_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.asname or alias.name.split(".")[0]
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from _stored_names(target)
    elif isinstance(node, _COMPOUND):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from _stored_names(child)
            else:
                yield from _bound_names(child)
    elif isinstance(node, (ast.ExceptHandler, ast.withitem)):
        for child in ast.iter_child_nodes(node):
            yield from _stored_names(child) if isinstance(child, ast.expr) else _bound_names(child)


def _stored_names(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _changed_names(node: ast.stmt) -> Iterator[str]:
    """Names whose value a statement changes in place: `x += 1`, `x["a"] = 1`, `x.a = 1`, `x.append(1)`."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    for inner in ast.walk(node):
        changed: ast.expr | None = None
        if isinstance(inner, ast.AugAssign):
            changed = inner.target
        elif isinstance(inner, (ast.Subscript, ast.Attribute)) and isinstance(inner.ctx, (ast.Store, ast.Del)):
            changed = inner
        elif isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Call):
            changed = inner.value.func if isinstance(inner.value.func, ast.Attribute) else None
        while isinstance(changed, (ast.Subscript, ast.Attribute)):
            changed = changed.value
        if isinstance(changed, ast.Name):
            yield changed.id


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


def eager_names(node: ast.AST) -> set[str]:
    """Those of the used names that are read when the statement runs, not when a function that it defines is called."""
    table = symtable.symtable(ast.unparse(node), "<statement>", "exec")
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    todo = list(table.get_children())
    while todo:
        inner = todo.pop()
        if inner.get_type() == "class" or inner.get_name() in _COMPREHENSIONS:
            names |= {symbol.get_name() for symbol in inner.get_symbols() if symbol.is_global()}
            todo.extend(inner.get_children())
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


__all__ = ["ModuleText", "Statement", "by_name", "eager_names", "read_module", "used_names"]
