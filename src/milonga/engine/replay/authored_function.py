"""The function of a recorded step with the author's own file and lines in it, so that a debugger shows the file."""

from __future__ import annotations
import __future__

import ast
import linecache
import sys
import types
from collections.abc import Callable
from typing import Any

from milonga.engine.replay.author_lines import AuthorLines
from milonga.runtime.loading import load_function
from milonga.runtime.program import TaskProgram


def authored_function(name: str, source: str, lines: AuthorLines) -> Callable[..., Any]:
    """The function `name` of `source`. What is not found in the author's file keeps the text that it came with.

    Raises:
        TaskFailed: E413, the source does not define it or fails while it is loaded.
    """
    if not lines.places:
        return load_function(TaskProgram(name, source))
    try:
        found = _at_places(name, source, lines).get(name)
    except Exception:  # noqa: BLE001 - loaded in the ordinary way it fails in the ordinary way
        found = None
    return found if callable(found) else load_function(TaskProgram(name, source))


def _at_places(name: str, source: str, lines: AuthorLines) -> dict[str, Any]:
    """Run the statements of `source`, each compiled as if it stood where the author has it."""
    tree = ast.parse(source)
    own = f"<component {name}>"
    module = types.ModuleType(f"milonga_replay_{name}")
    module.__file__ = own
    sys.modules[module.__name__] = module  # typing.get_type_hints and dataclasses look the module up by name
    linecache.cache[own] = (len(source), None, source.splitlines(keepends=True), own)
    flags = _future_flags(tree)
    for node in tree.body:
        place = lines.places.get(node.lineno)
        if place is not None:
            ast.increment_lineno(node, place.line - node.lineno)
        file = place.file if place is not None else own
        exec(compile(ast.Module([node], []), file, "exec", flags=flags, dont_inherit=True), module.__dict__)
    return module.__dict__


def _future_flags(tree: ast.Module) -> int:
    flags = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                flags |= getattr(__future__, alias.name).compiler_flag
    return flags
