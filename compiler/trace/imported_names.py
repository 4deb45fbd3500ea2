"""What a text imports, and what it reads off what it imports, as dotted names.

Imports for type checkers only (`if TYPE_CHECKING:`) are none of a task's. In a package that loads its names when they
are first used (PEP 562) they are the table of those names: what stands in a computed import cannot be read, what stands
there for the type checker can.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

WHOLE = "*"
"""Last part of a dotted name: all that the module before it offers, since the text may use any of it."""


def imports_of(tree: ast.AST, package: str = "") -> set[str]:
    """Dotted names of everything that the code under `tree` imports.

    `from a import b` counts as a and a.b, and `import a.b as c` followed by `c.d` as a.b and a.b.d. A module that is
    handed on, or not used here at all, counts with `WHOLE`.

    Args:
        tree: the code.
        package: name of the package that relative imports start from; without it they are left out.
    """
    nodes = list(_nodes_in_force(tree))
    names: set[str] = set()
    bound: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                names.add(alias.name)
                start = alias.name if alias.asname else alias.name.split(".")[0]
                bound[alias.asname or start].add((start, alias.name))
        elif isinstance(node, ast.ImportFrom) and (base := _base_of(node, package)):
            names.add(base)
            for alias in node.names:
                names.add(f"{base}.{alias.name}")
                bound[alias.asname or alias.name].add((f"{base}.{alias.name}", f"{base}.{alias.name}"))
    return names | set(_uses_of(bound, nodes))


def names_on_demand(tree: ast.Module, package: str) -> dict[str, str] | None:
    """Name → dotted name behind it, in a module that loads names when they are used; None for any other module."""
    outside = list(_outside_functions(tree))
    if not any("__getattr__" in _bound_by(node) for node in outside):
        return None
    table: dict[str, str] = {}
    for guard in (node for node in outside if isinstance(node, ast.If) and _is_for_checkers(node.test)):
        for node in guard.body:
            if isinstance(node, ast.Import):
                table.update({alias.asname: alias.name for alias in node.names if alias.asname})
            elif isinstance(node, ast.ImportFrom) and (base := _base_of(node, package)):
                table.update({alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names})
    return table


def _base_of(node: ast.ImportFrom, package: str) -> str:
    """The module behind `from ... import`; "" for a relative one of an unknown package."""
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    if node.level > len(parts):
        return ""
    return ".".join([*parts[: len(parts) - node.level + 1], *([node.module] if node.module else [])])


def _uses_of(bound: dict[str, set[tuple[str, str]]], nodes: list[ast.AST]) -> Iterator[str]:
    """What the names that imports have bound are used for."""
    inner = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    used: set[str] = set()
    for node in nodes:
        if id(node) in inner:
            continue
        root, path = _attributes(node)
        used.add(root)
        for start, whole in bound.get(root, ()):
            yield from [".".join([start, *path])] if path else [f"{start}.{WHOLE}", f"{whole}.{WHOLE}"]
    for name in bound.keys() - used:
        yield from (f"{whole}.{WHOLE}" for _, whole in bound[name])


def _attributes(node: ast.AST) -> tuple[str, list[str]]:
    """The name and the attributes of `name.a.b`; "" for anything that does not start with a name."""
    path: list[str] = []
    while isinstance(node, ast.Attribute):
        path.insert(0, node.attr)
        node = node.value
    return (node.id, path) if isinstance(node, ast.Name) else ("", path)


def _nodes_in_force(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those for type checkers; a quoted annotation with the names in it."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.If) and _is_for_checkers(node.test):
            todo.extend(node.orelse)
        elif isinstance(node, ast.If) and isinstance(node.test, ast.UnaryOp) and _is_for_checkers(node.test.operand):
            todo.extend(node.body)
        else:
            todo.extend(ast.iter_child_nodes(node))
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(annotation, ast.AST):
                todo.extend(_quoted(annotation))


def _quoted(annotation: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(annotation):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                yield ast.parse(node.value, mode="eval")
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue


def _outside_functions(tree: ast.Module) -> Iterator[ast.AST]:
    """The statements that run when a module is loaded, those inside conditions as well."""
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, (ast.If, ast.Try, ast.ExceptHandler)):
            todo.extend(ast.iter_child_nodes(node))


def _bound_by(node: ast.AST) -> set[str]:
    if isinstance(node, ast.FunctionDef):
        return {node.name}
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)}


def _is_for_checkers(test: ast.expr) -> bool:
    """Whether a condition is `TYPE_CHECKING`, however it was imported."""
    return (test.id if isinstance(test, ast.Name) else getattr(test, "attr", "")) == "TYPE_CHECKING"


__all__ = ["WHOLE", "imports_of", "names_on_demand"]
