"""The page of error codes: what each means, from milonga's own explanations, and its messages, read from the source.

A message is found at each place that makes an error with a literal code.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

FOLDERS = ("src/milonga", "components", "pipelines", "compiler")
_CODE = re.compile(r"E\d{3}")
_JSON_FILE = "components/contracts/json_file.py"
_CLASSES = {
    "Fault": "a finding",
    "report": "AuthoringError",
    "add_finding": "AuthoringError",
    "finding": "a finding",
    "_finding": "a finding",
    "cls": "MissingExtra",
    "CallFailed": "RemoteError",
}
_SELECTION = "components/device_compilation/selection.py"
_BY_HAND = {
    **{
        code: ("a finding", f"target {{name}} {what} {{construct}}", "compiler/targets/base.py")
        for code, what in (
            ("E301", "refuses"),
            ("E302", "fails on"),
            ("E303", "changes the meaning of"),
            ("E304", "ignores"),
        )
    },
    "E410": (
        "TaskFailed",
        "the exception of the task's own code, which is no MilongaError",
        "src/milonga/engine/workers/step.py",
    ),
    **{
        code: ("RemoteError", f"there is no {kind} '{{id}}'", "src/milonga/backends/absent.py")
        for code, kind in (("E812", "run"), ("E813", "schedule"))
    },
    "E610": ("LimitNotMet", "no artefact for '{device}' keeps the p95 latency", _SELECTION),
    "E611": ("LimitNotMet", "no artefact for '{device}' keeps the size", _SELECTION),
    "E612": ("LimitNotMet", "no artefact for '{device}' keeps the accuracy drop", _SELECTION),
}
"""Codes whose message the source does not hold beside them."""


@dataclass(frozen=True, slots=True, order=True)
class Raised:
    """One place that makes an error."""

    code: str
    message: str
    error: str
    file: str
    function: str
    hint: str = ""


def errors_page(root: Path) -> str:
    """All codes, grouped as the tree at the top of `errors.py`."""
    return "\n\n".join([*_introduction(), *_groups(raised_by_code(root))])


def raised_by_code(root: Path) -> dict[str, set[Raised]]:
    """Every code that the source under `root` makes, and the places that make it."""
    found: dict[str, set[Raised]] = defaultdict(set)
    literals: set[str] = set()
    templates = _contract_templates(root / _JSON_FILE)
    for file, tree in _sources(root):
        literals |= {node.value for node in ast.walk(tree) if _is_code(node)}  # type: ignore[attr-defined]
        for raised in _Collector(file, templates).collect(tree):
            found[raised.code].add(raised)
    for code, (error, message, file) in _BY_HAND.items():
        found[code].add(Raised(code, message, error, file, ""))
    without = sorted(literals - set(found))
    if without:
        raise SystemExit(f"tools/reference_errors.py finds no message for {', '.join(without)}")
    return found


def _introduction() -> list[str]:
    from milonga import errors

    tree = inspect.cleandoc((errors.__doc__ or "").split("\n\n")[1])
    return [
        "# Errors",
        "Every error that milonga raises on purpose has a code that stays the same. A message has up to four more "
        "lines: `at` (file and line, task or document), `got`, `expected`, `hint`. `milonga check` reports all "
        "findings at once, most other errors come alone. `milonga explain CODE` prints what stands here. In the "
        "messages below, `{...}` is filled in.",
        f"```text\n{tree}\n```",
    ]


def _groups(found: dict[str, set[Raised]]) -> Iterator[str]:
    from milonga import errors

    rows = re.findall(r"(\w+)\s+E(\d)x+\s+(.*)", errors.__doc__ or "")
    for name, digit, meaning in rows:
        codes = sorted(code for code in found if code[1] == digit)
        if not codes:
            continue
        yield f"## E{digit}xx: {name}"
        yield meaning[0].upper() + meaning[1:] + "."
        for code in codes:
            yield f"### {code}"
            yield from _explained(code, found)
            yield "Messages:"
            yield "\n".join(_line(raised) for raised in sorted(found[code]))


def _explained(code: str, found: dict[str, set[Raised]]) -> Iterator[str]:
    """The explanation of a code. Its examples are run by the tests of the explanations, so here they are plain text."""
    from milonga.explanations import explanation_of
    from milonga.explanations.rendering import as_markdown

    explanation = explanation_of(code)
    if explanation is None:
        return
    yield f"**{explanation.title}.**"
    yield as_markdown(explanation, highlight=False)
    related = [f"[{other}](#{other.lower()})" for other in explanation.related if other in found]
    if related:
        yield f"See also: {', '.join(related)}."


def _line(raised: Raised) -> str:
    function = f", `{raised.function}`" if raised.function else ""
    hint = f" Hint: `{raised.hint}`." if raised.hint else ""
    return f"- `{raised.message}` ({raised.error}; `{raised.file}`{function}).{hint}"


def _sources(root: Path) -> Iterator[tuple[str, ast.Module]]:
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if not name.startswith(tuple(f"src/milonga/{link}/" for link in FOLDERS)):
                yield name, ast.parse(path.read_text("utf-8"))


def _is_code(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_CODE.fullmatch(node.value))


def _contract_templates(path: Path) -> dict[str, list[str]]:
    """Last digit → messages, of the errors that every contract file shares: `f"{prefix}0"` and so on."""
    templates: dict[str, list[str]] = defaultdict(list)
    collector = _Collector("", {})
    tree = ast.parse(path.read_text("utf-8"))
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            code, message = node.args[:2]
            if isinstance(code, ast.JoinedStr) and isinstance(code.values[-1], ast.Constant):
                templates[str(code.values[-1].value)[-1]] += collector.texts(message, function)
            elif function.name == "fail" and ast.unparse(code) == "self._code":
                templates["3"] += collector.texts(message, function)
    return templates


class _Collector:
    """Finds the errors of one file."""

    def __init__(self, file: str, templates: dict[str, list[str]]) -> None:
        self.file = file
        self.templates = templates
        self.tree = ast.Module([], [])

    def collect(self, tree: ast.Module) -> Iterator[Raised]:
        """All errors that `tree` makes."""
        self.tree = tree
        yield from self._visit(tree, [], None)

    def _visit(self, node: ast.AST, names: list[str], function: ast.AST | None) -> Iterator[Raised]:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names = [*names, node.name]
            function = node if isinstance(node, ast.FunctionDef) else function
        if isinstance(node, ast.Call):
            yield from self._call(node, ".".join(names), function)
        elif isinstance(node, ast.Dict):
            yield from self._dict(node, ".".join(names), function)
        elif isinstance(node, ast.Tuple) and len(node.elts) >= 2:
            yield from self._tuple(node, ".".join(names), function)
        for child in ast.iter_child_nodes(node):
            yield from self._visit(child, names, function)

    def _call(self, node: ast.Call, where: str, function: ast.AST | None) -> Iterator[Raised]:
        name = ast.unparse(node.func).rpartition(".")[2]
        keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        error = ast.unparse(keywords["error"]) if "error" in keywords else "DataError"
        if name == "read_json":
            prefix = keywords["prefix"].value if "prefix" in keywords else "E52"  # type: ignore[attr-defined]
            for digit, messages in self.templates.items():
                for message in messages:
                    yield Raised(f"{prefix}{digit}", message, error, self.file, where)
        if name == "Fields" and _is_code(keywords.get("code")):
            for message in self.templates.get("3", []):
                yield Raised(keywords["code"].value, message, error, self.file, where)  # type: ignore[attr-defined]
        hint = keywords.get("hint")
        shown = self.texts(hint, function)[0] if isinstance(hint, (ast.Constant, ast.JoinedStr)) else ""
        arguments = [argument for argument in node.args if not _is_severity(argument)]
        for argument, following in pairwise(arguments):
            for code, said in _pairs(argument, following):
                for message in self.texts(said, function):
                    yield Raised(code, message, _CLASSES.get(name, name), self.file, where, shown)

    def _tuple(self, node: ast.Tuple, where: str, function: ast.AST | None) -> Iterator[Raised]:
        """A code, its message and its hint on their way to whoever makes the error of them."""
        code, message, *rest = node.elts
        if _is_code(code) and isinstance(message, (ast.Constant, ast.JoinedStr)):
            hints = [hint for hint in rest if isinstance(hint, (ast.Constant, ast.JoinedStr))]
            shown = self.texts(hints[0], function)[0] if hints else ""
            value = str(code.value)  # type: ignore[attr-defined]
            yield Raised(value, self.texts(message, function)[0], _class_of(value), self.file, where, shown)

    def _dict(self, node: ast.Dict, where: str, function: ast.AST | None) -> Iterator[Raised]:
        entries = {key.value: value for key, value in zip(node.keys, node.values, strict=True) if _is_text(key)}  # type: ignore[union-attr]
        if _is_code(entries.get("code")) and "message" in entries:
            for message in self.texts(entries["message"], function):
                yield Raised(entries["code"].value, message, "TaskFailed", self.file, where)  # type: ignore[attr-defined]

    def texts(self, node: ast.AST | None, function: ast.AST | None) -> list[str]:
        """What an expression says, with `{...}` for what is filled in; all that a local name may be."""
        if isinstance(node, ast.Constant):
            return [str(node.value)]
        if isinstance(node, ast.JoinedStr):
            return ["".join(self._part(part) for part in node.values)]
        if isinstance(node, ast.IfExp):
            return [*self.texts(node.body, function), *self.texts(node.orelse, function)]
        if isinstance(node, ast.Name) and isinstance(function, ast.FunctionDef):
            values = list(_assigned(node, function)) or list(self._passed(node.id, function))
            return [text for value in values for text in self.texts(value, None)] or ["{" + node.id + "}"]
        return ["{...}"]

    def _passed(self, name: str, function: ast.FunctionDef) -> Iterator[ast.expr]:
        """What the callers of a helper in the same file give for its argument `name`."""
        names = [argument.arg for argument in function.args.args]
        if name not in names:
            return
        for call in (node for node in ast.walk(self.tree) if isinstance(node, ast.Call)):
            if ast.unparse(call.func).rpartition(".")[2] == function.name:
                index = names.index(name) - (names[0] == "self")
                yield from call.args[index : index + 1]

    def _part(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        inner = node.value if isinstance(node, ast.FormattedValue) else node
        simple = isinstance(inner, (ast.Name, ast.Attribute))
        return "{" + (ast.unparse(inner).rpartition(".")[2].lstrip("_") if simple else "...") + "}"


def _assigned(name: ast.Name, function: ast.FunctionDef) -> Iterator[ast.expr]:
    """The values that a local name may have where it is used: the last one before it, and those of the same `if`."""
    found = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and node.lineno < name.lineno
        and any(ast.unparse(target) == name.id for target in node.targets)
    ]
    if not found:
        return
    last = max(found, key=lambda node: node.lineno)
    ifs = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.If) and node.lineno < last.lineno <= (node.end_lineno or 0) < name.lineno
    ]
    first_line = min((node.lineno for node in ifs), default=last.lineno)
    yield from (node.value for node in found if node.lineno >= first_line)


def _pairs(code: ast.expr, message: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Codes and their messages; `"E1" if x else "E2"` goes with `"one" if x else "two"`."""
    if isinstance(code, ast.IfExp):
        other = message if isinstance(message, ast.IfExp) else None
        yield from _pairs(code.body, other.body if other else message)
        yield from _pairs(code.orelse, other.orelse if other else message)
    elif _is_code(code):
        yield code.value, message  # type: ignore[attr-defined]


def _class_of(code: str) -> str:
    """The class in whose range a code is."""
    from milonga import errors

    return {digit: name for name, digit in re.findall(r"(\w+)\s+E(\d)x+", errors.__doc__ or "")}[code[1]]


def _is_severity(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in ("error", "warning")


def _is_text(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
