"""The author's own modules that a file imports, found in its text: nothing is imported for that."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

_FILES_MAX = 300
_BYTES_MAX = 2_000_000


def imported_files(file: Path, folders: Sequence[Path]) -> Iterator[Path]:
    """The files of the modules that `file` imports, and that those import, the nearest first.

    Args:
        file: a Python file.
        folders: where its modules may lie, besides its own folder and that of its package.
    """
    roots = (file.parent, _above_package(file), *folders)
    seen, following = {file.resolve()}, [file]
    while following:
        for found in _named_in(following.pop(0), roots):
            if found.resolve() not in seen and len(seen) < _FILES_MAX:
                seen.add(found.resolve())
                following.append(found)
                yield found


def _above_package(file: Path) -> Path:
    folder = file.parent
    while (folder / "__init__.py").is_file() and folder.parent != folder:
        folder = folder.parent
    return folder


def _named_in(file: Path, roots: Sequence[Path]) -> Iterator[Path]:
    try:
        tree = ast.parse(file.read_bytes()) if file.stat().st_size <= _BYTES_MAX else ast.Module([], [])
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files_of(alias.name.split("."), roots)
        elif isinstance(node, ast.ImportFrom):
            module = node.module.split(".") if node.module else []
            places = (file.parents[node.level - 1],) if 0 < node.level <= len(file.parents) else roots
            for alias in node.names:
                yield from _files_of([*module, alias.name], places)


def _files_of(parts: Sequence[str], roots: Sequence[Path]) -> Iterator[Path]:
    """The module of that name in the first of `roots` that has it, its packages first."""
    for root in roots:
        first = root / parts[0]
        if not (first.is_dir() or first.with_suffix(".py").is_file()):
            continue
        for count in range(1, len(parts) + 1):
            place = root.joinpath(*parts[:count])
            yield from (path for path in (place / "__init__.py", place.with_name(f"{place.name}.py")) if path.is_file())
        return
