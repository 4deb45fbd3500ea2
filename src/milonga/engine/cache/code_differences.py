"""What differs between the code of two steps: which function, class or constant of which file."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping

from milonga.compiler.diff import Change
from milonga.compiler.diff.programs import Program, read_program
from milonga.compiler.diff.texts import clipped, counted, short
from milonga.compiler.graph import Graph

_LINE_MAX = 80


def program_in(graph: Graph, component: str) -> Program | None:
    """The program of a component; None where it is a container of its own kind, or is not there."""
    found = graph.components.get(component)
    executor = graph.executors.get((found.executor_label if found else None) or "")
    return read_program(executor.container) if executor is not None and executor.container is not None else None


def code_differences(where: str, before: Program, after: Program) -> Iterator[Change]:
    """Every definition that came, went or changed, in the step's own source and in the modules that it brings."""
    for name in sorted({"", *before.modules, *after.modules}):
        old, new = (program.source if not name else program.modules.get(name, "") for program in (before, after))
        if old != new:
            yield from _of_file(where, name, old, new)
    if before.function != after.function:
        yield _change(where, "the function that is called", before.function, after.function)
    if before.extra != after.extra:
        yield _change(where, "arguments of the container", " ".join(before.extra), " ".join(after.extra))


def _of_file(where: str, file: str, before: str, after: str) -> Iterator[Change]:
    old, new = _definitions(before), _definitions(after)
    place = f"{file}: " if file else ""
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    if not changed:
        yield _change(where, f"{place}layout", before, after)
    for name in changed:
        yield _change(where, f"{place}{name}", old.get(name), new.get(name))


def _definitions(text: str) -> Mapping[str, str]:
    """Name → text of everything that stands at the top of a file; all of it under one name where it is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            statements = ast.parse(text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return {"text": text} if text else {}
    lines = text.splitlines()
    found: dict[str, str] = {}
    for statement in statements:
        first = min([statement.lineno, *(item.lineno for item in getattr(statement, "decorator_list", ()))])
        segment = "\n".join(lines[first - 1 : statement.end_lineno])
        name = _name_of(statement)
        found[name] = f"{found[name]}\n{segment}" if name in found else segment
    return found


def _name_of(statement: ast.stmt) -> str:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return statement.name
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return "imports"
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return ", ".join(names) or "statements"


def _change(where: str, what: str, before: str | None, after: str | None) -> Change:
    if before is None or after is None:
        text = f"{short(what)} {'is new' if before is None else 'is gone'}"
        return Change(where, "code-changed", what, before, after, text)
    if max(len(before), len(after)) <= _LINE_MAX and "\n" not in before + after:
        old, new = clipped(before, after)
        return Change(where, "code-changed", what, before, after, f"{short(what)}: {old} → {new}")
    return Change(where, "code-changed", what, before, after, f"{short(what)} changed ({counted(before, after)})")
