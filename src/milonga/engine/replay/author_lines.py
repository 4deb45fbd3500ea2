"""Where the lines of a step's own text stand in the author's file.

A compiled step carries the text of its function, and no path: the same pipeline is the same bytes everywhere. So the
places are found afterwards: a definition that the author's file still has, letter for letter, is where it stands there.
"""

from __future__ import annotations

import ast
import functools
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from milonga.compiler.constructs.python_steps import kfp_source_position
from milonga.compiler.graph import Executor
from milonga.dsl.places import Place
from milonga.engine.replay.imported_files import imported_files
from milonga.runtime.program import from_container, is_milonga_command

_BYTES_MAX = 2_000_000
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NAME = re.compile(r"(?:async +)?(?:def|class) +(\w+)")
_FRAME = re.compile(r'  File "(?P<file><component [^"\n]*>|[^"\n]*ephemeral_component\.py)", line (?P<line>\d+)')


@dataclass(frozen=True, slots=True)
class AuthorLines:
    """Line of a text, from 1 → the author's place, for those that were found."""

    places: Mapping[int, Place] = field(default_factory=dict)

    def in_traceback(self, text: str) -> str:
        """A traceback with the author's files in it instead of the step's text."""
        return _FRAME.sub(self._frame, text)

    def _frame(self, match: re.Match[str]) -> str:
        place = self.places.get(int(match["line"]))
        return f'  File "{place.file}", line {place.line}' if place is not None else match.group()

    def deepest(self, text: str) -> Place | None:
        """The innermost place of a traceback that is the author's."""
        found = [self.places.get(int(match["line"])) for match in _FRAME.finditer(text)]
        return next((place for place in reversed(found) if place is not None), None)


def author_lines(text: str, files: Iterable[Path]) -> AuthorLines:
    """The places of `text` in `files`; the first that has a definition counts.

    Where a file has another definition of the same name, the author has changed it since, or it was never that one:
    what other files have under that name is no better.
    """
    try:
        wanted = _definitions(ast.parse(text), text)
    except (SyntaxError, ValueError):
        return AuthorLines()
    left = dict(wanted)
    places: dict[int, Place] = {}
    for file in files:
        if not left:
            break
        known = _definitions_in(file, _stamp(file))
        for definition in [definition for definition in left if definition in known]:
            here, there = left.pop(definition), known[definition]
            for offset in range(definition.count("\n") + 1):
                places[here + offset] = Place(str(file), there + offset)
        names = {name for definition in known if (name := _name(definition))}
        left = {definition: line for definition, line in left.items() if _name(definition) not in names}
    return AuthorLines(places)


def _name(definition: str) -> str:
    """The name of a function or class; "" for any other statement."""
    found = _NAME.match(definition)
    return found[1] if found else ""


def text_of(executor: Executor) -> str:
    """The Python text that a step carries; "" for what is no Python step."""
    container = executor.container
    if container is None:
        return ""
    if is_milonga_command(container.command):
        try:
            return from_container(container.command or (), container.args or ()).source
        except ValueError:
            return ""
    position = kfp_source_position(container)
    return (container.command or ())[position] if position is not None else ""


def author_files(source: str, folders: Sequence[Path], function: str = "") -> Iterator[Path]:
    """The author's file, and the modules that it imports which may hold a function of that name.

    Args:
        source: how the user named the pipeline, such as "flows/share.py:share".
        folders: what it is relative to, in order.
        function: files that do not name it are left out, the first excepted.
    """
    name = re.sub(r":[^/\\:]*$", "", source)
    found = next((path for folder in folders if (path := folder / name).exists()), None)
    if found is None or not name:
        return
    file = found / "pipeline.py" if found.is_dir() else found
    if file.suffix == ".py" and file.is_file():
        yield file
        imported = imported_files(file, folders)
        yield from (path for path in imported if function and f"def {function}" in _text(path))


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8") if file.stat().st_size <= _BYTES_MAX else ""
    except (OSError, ValueError):
        return ""


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return (0, 0)
    return status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=64)
def _definitions_in(file: Path, stamp: tuple[int, int]) -> Mapping[str, int]:
    """The definitions of a file; the stamp makes an edited file a new one."""
    text = _text(file)
    try:
        return _definitions(ast.parse(text), text)
    except (SyntaxError, ValueError):
        return {}


def _definitions(tree: ast.Module, text: str) -> dict[str, int]:
    """Each definition of a text, without its decorators and its indentation → the line where it begins."""
    lines = text.splitlines(keepends=True)
    found: dict[str, int] = {}
    for node in (*tree.body, *(node for node in ast.walk(tree) if isinstance(node, _DEFINITIONS))):
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            part = "".join(lines[node.lineno - 1 : node.end_lineno])
            found.setdefault(textwrap.dedent(part).rstrip(), node.lineno)
    return found


__all__ = ["AuthorLines", "author_files", "author_lines", "text_of"]
