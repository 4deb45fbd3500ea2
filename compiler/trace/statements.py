"""The top-level statements of a module's text: which names each one binds, changes and uses. Immutable once read."""

from __future__ import annotations

import ast
import functools
import symtable
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_COMPOUND = (ast.If, ast.For, ast.While, ast.With, ast.Try)


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A top-level statement: its text, the names that it binds, and where it stands (for the order)."""

    node: ast.stmt
    text: str
    binds: frozenset[str]
    order: tuple[int, int]


class ModuleText:
    """The top-level statements of a text.

    Attributes:
        tree: the syntax tree.
        lines: the text's lines.
        by_name: for each name the statements that make it what it is, in order: the last one that binds it for
            certain, and those after it that change it or may bind it again.
    """

    def __init__(self, text: str, unit: int = 0) -> None:
        self.lines = text.splitlines(keepends=True)
        self.tree = ast.parse(text)
        self.by_name: dict[str, list[Statement]] = {}
        imported: set[str] = set()
        for node in _top_level(self.tree.body):
            bound = frozenset(_bound_names(node))
            statement = Statement(node, self._segment(node), bound, (unit, node.lineno))
            is_import = isinstance(node, (ast.Import, ast.ImportFrom))
            for name in bound:
                if isinstance(node, _COMPOUND):
                    self.by_name.setdefault(name, []).append(statement)
                else:
                    self.by_name[name] = [statement]
                    imported = (imported | {name}) if is_import else (imported - {name})
            for name in frozenset(_changed_names(node)) - bound - imported:
                if name in self.by_name:
                    self.by_name[name].append(statement)

    def _segment(self, node: ast.stmt) -> str:
        first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
        text = "".join(self.lines[first - 1 : node.end_lineno])
        return textwrap.dedent(text).rstrip() + "\n"


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


def imports_of(tree: ast.AST) -> set[str]:
    """Dotted names of all modules that the code under `tree` imports; `from a import b` counts as a and a.b."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


__all__ = ["ModuleText", "Statement", "imports_of", "used_names"]
