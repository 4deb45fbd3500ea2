"""milonga's own modules without what only a reader needs, since they travel inside every compiled step.

Docstrings, comments, hints of types that nobody evaluates, indentation and spaces go; names and statements stay as they
are. The author's tokens are copied, never written anew by `ast.unparse`, whose text differs between versions of Python
and may be too new for the one that runs the task: the same module is the same text everywhere.

Only for milonga's own modules. The author's travel as they are, so that a traceback shows the author's lines.
"""

from __future__ import annotations

import ast
import io
import json
import tokenize
from collections.abc import Iterator

_EVALUATED_NEVER = frozenset({"property", "staticmethod", "classmethod", "contextmanager", "cache", "lru_cache"})
"""Decorators that look at no annotation. A function under any other one, such as `@component`, keeps its own."""

_LAYOUT = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER, tokenize.ENCODING})
_Position = tuple[int, int]
_Function = (ast.FunctionDef, ast.AsyncFunctionDef)


def compact(text: str) -> str:
    """A module of milonga, as short as it gets without changing what it does."""
    cuts = sorted(_Cuts(text).found)
    parts: list[str] = []
    depth, last = 0, ""
    for token in _tokens(text):
        while cuts and token.start >= cuts[0][1]:
            cuts.pop(0)
        if token.type in (tokenize.INDENT, tokenize.DEDENT):
            depth += 1 if token.type == tokenize.INDENT else -1
            continue
        shown = token.string
        if cuts and cuts[0][0] <= token.start:
            shown = cuts[0][2] if token.start == cuts[0][0] else ""
        elif token.type == tokenize.NEWLINE:
            shown = "\n" if last else ""
        if token.type in _LAYOUT or not shown:
            continue
        if not last:
            parts.append(" " * depth)
        elif _must_part(last, shown):
            parts.append(" ")
        parts.append(shown)
        last = "" if shown == "\n" else shown
    return "".join(parts)


def compact_json(text: str) -> str:
    """A JSON file on one line, its members in the order of the file."""
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) + "\n"


def _must_part(left: str, right: str) -> bool:
    """Whether two tokens would become another one without a space between them."""
    number = left[0].isdigit() and right[0] == "."
    return number or (_is_of_word(left[-1]) and _is_of_word(right[0]))


def _is_of_word(character: str) -> bool:
    return character == "_" or character.isalnum()


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """The tokens of a module. An f-string is one, as it was before Python 3.12."""
    lines = text.splitlines(keepends=True)
    begin: _Position = (0, 0)
    nested = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind.endswith("STRING_START"):
            begin = begin if nested else token.start
            nested += 1
        elif kind.endswith("STRING_END"):
            nested -= 1
            if not nested:
                whole = _between(lines, begin, token.end)
                yield tokenize.TokenInfo(tokenize.STRING, _quoted(whole), begin, token.end, "")
        elif not nested:
            yield token._replace(string=_quoted(token.string)) if token.type == tokenize.STRING else token


def _quoted(text: str) -> str:
    """A string's text with single quotes where that is all the same: JSON, which carries it, doubles the others."""
    prefix, quote, rest = text.partition('"')
    if "'" in text or quote == "" or rest.count('"') != 1 or "\\" in rest:
        return text
    return f"{prefix}'{rest[:-1]}'"


def _between(lines: list[str], begin: _Position, end: _Position) -> str:
    if begin[0] == end[0]:
        return lines[begin[0] - 1][begin[1] : end[1]]
    return "".join([lines[begin[0] - 1][begin[1] :], *lines[begin[0] : end[0] - 1], lines[end[0] - 1][: end[1]]])


class _Cuts:
    """Where a module's text has something that a task does not need: begin, end, and what stands there instead."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines(keepends=True)
        self.found: list[tuple[_Position, _Position, str]] = []
        tree = ast.parse(text)
        self._statements(tree, tree.body, is_function=False)
        for statement in tree.body if text.count("__all__") == 1 else ():
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
                self._cut(_begin(statement), _end(statement), "")

    def _statements(self, owner: ast.AST, body: list[ast.stmt], *, is_function: bool) -> None:
        idle = [statement for statement in body if _is_idle(statement, is_function=is_function)]
        for statement in body:
            if statement in idle:
                needs_one = len(idle) == len(body) and statement is idle[0] and not isinstance(owner, ast.Module)
                self._cut(_begin(statement), _end(statement), "pass" if needs_one else "")
                continue
            self._hints(statement, is_function=is_function)
            inside = isinstance(statement, _Function) or (is_function and not isinstance(statement, ast.ClassDef))
            for inner in _bodies(statement):
                self._statements(statement, inner, is_function=inside)

    def _hints(self, statement: ast.stmt, *, is_function: bool) -> None:
        """Cut the annotations of a statement, together with the `:` or `->` before each."""
        if isinstance(statement, _Function) and all(_name_of(item) in _EVALUATED_NEVER for item in _marks(statement)):
            given = statement.args
            named = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
            for argument in named:
                if argument is not None and argument.annotation is not None:
                    begin = (argument.lineno, argument.col_offset + len(argument.arg.encode()))
                    self._cut(begin, _end(argument.annotation), "")
            if statement.returns is not None:
                self._cut(self._arrow(statement.returns), _end(statement.returns), "")
        elif is_function and isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self._cut(_end(statement.target), _end(statement.annotation), "")

    def _arrow(self, returns: ast.expr) -> _Position:
        """Where the `->` before a return annotation stands: on its own line, as the formatter writes it."""
        line = self.lines[returns.lineno - 1].encode()
        return returns.lineno, line.rindex(b"->", 0, returns.col_offset)

    def _cut(self, begin: _Position, end: _Position, instead: str) -> None:
        self.found.append((self._characters(begin), self._characters(end), instead))

    def _characters(self, position: _Position) -> _Position:
        """A position of `ast`, which counts bytes, as one of `tokenize`, which counts characters."""
        line, column = position
        return line, len(self.lines[line - 1].encode()[:column].decode())


def _is_idle(statement: ast.stmt, *, is_function: bool) -> bool:
    """Whether a statement does nothing in a task: a text, an import for type checkers, one more type of a function."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, (str, type(...)))
    if isinstance(statement, ast.If):
        return isinstance(statement.test, ast.Name) and statement.test.id == "TYPE_CHECKING" and not statement.orelse
    if isinstance(statement, _Function):
        return any(_name_of(item) == "overload" for item in statement.decorator_list)
    return False


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield from [getattr(statement, name)] if getattr(statement, name, None) else []
    for inner in [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]:
        yield inner.body


def _marks(statement: ast.stmt) -> list[ast.expr]:
    return list(getattr(statement, "decorator_list", []))


def _name_of(node: ast.expr) -> str:
    """The last name of a decorator, with or without arguments."""
    node = node.func if isinstance(node, ast.Call) else node
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _begin(node: ast.stmt) -> _Position:
    """Where a statement begins; the `@` of a decorator stands where the `def` does."""
    return min([node.lineno, *(item.lineno for item in _marks(node))]), node.col_offset


def _end(node: ast.stmt | ast.expr) -> _Position:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


__all__ = ["compact", "compact_json"]
