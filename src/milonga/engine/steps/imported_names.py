"""Which foreign packages a program's text imports, by their top-level names."""

from __future__ import annotations

import ast
import functools
import sys
import warnings
from collections.abc import Mapping
from pathlib import PurePosixPath

_OF_THE_ENGINE = frozenset({"milonga", "__main__"})
"""What a task uses of milonga travels with it, or is the protocol that old commands still speak."""

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where a statement holds others."""


def imported_names(source: str, modules: Mapping[str, str]) -> frozenset[str]:
    """The top-level names that `source` and the modules that travel with it import, at any depth.

    The standard library, relative imports, milonga and `modules` themselves are left out. An import by a computed
    name is not seen.

    Args:
        source: Python text.
        modules: path in the bundle → text; only Python files are read.
    """
    texts = (source, *(text for path, text in modules.items() if path.endswith(".py")))
    travelling = {PurePosixPath(path).parts[0].removesuffix(".py") for path in modules}
    names = frozenset().union(*map(_names_in, texts))
    return names - travelling - _OF_THE_ENGINE - sys.stdlib_module_names


@functools.lru_cache(maxsize=1024)
def _names_in(text: str) -> frozenset[str]:
    """All of them, remembered by the text alone: the modules of a project travel with most of its components."""
    if "import" not in text:
        return frozenset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the author's code, which is told when it is run
        try:
            todo: list[ast.AST] = list(ast.parse(text).body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return frozenset()  # no Python: the step says so when it is run
    names: set[str] = set()
    while todo:
        statement = todo.pop()
        if isinstance(statement, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            names.update([statement.module.partition(".")[0]] if statement.module and not statement.level else [])
        else:
            for block in _BLOCKS:
                todo.extend(getattr(statement, block, ()))
    return frozenset(names)
