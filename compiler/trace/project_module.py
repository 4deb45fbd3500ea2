"""One module of the author's project, or of milonga's own components, as it lies in a file."""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from milonga.compiler.trace.imported_names import imports_of, names_on_demand


@dataclass(frozen=True, slots=True)
class ProjectModule:
    """A module, read.

    Attributes:
        name: its dotted name.
        path: its path in a bundle.
        text: its source.
        imports: dotted names of what it imports, see `imports_of`.
        on_demand: name → dotted name behind it, for names that it loads when they are first used; None when it is an
            ordinary module.
        words: its string constants, in which the data files that it reads are named.
    """

    name: str
    path: str
    text: str
    imports: frozenset[str]
    on_demand: Mapping[str, str] | None
    words: frozenset[str] = field(repr=False)

    @property
    def is_package(self) -> bool:
        """Whether there may be modules in it."""
        return self.path.endswith("/__init__.py")


def read_project_module(name: str, path: str, file: Path) -> ProjectModule:
    """The module in `file`, read again when the file has changed.

    Raises:
        OSError, ValueError, SyntaxError: it cannot be read.
    """
    status = file.stat()
    return _read(file, (status.st_mtime_ns, status.st_size), name, path)


@functools.lru_cache(maxsize=4096)
def _read(file: Path, stamp: tuple[int, int], name: str, path: str) -> ProjectModule:
    """The same; the stamp makes an edited file a new one."""
    text = file.read_text("utf-8")
    tree = ast.parse(text)
    package = name if path.endswith("/__init__.py") else name.rpartition(".")[0]
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return ProjectModule(
        name=name,
        path=path,
        text=text,
        imports=frozenset(imports_of(tree, package)),
        on_demand=names_on_demand(tree, package),
        words=frozenset(value for value in constants if isinstance(value, str)),
    )


__all__ = ["ProjectModule", "read_project_module"]
