"""One walk over a document and its shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from milonga.compiler.spelling import Spelling
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node
from milonga.compiler.targets.argo.gate.shapes.cel_rules import faults_of_rules
from milonga.compiler.targets.argo.gate.shapes.shape import Shape

_JSON_KINDS: Final[Mapping[type, str]] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
}
_SPOKEN: Final = {"string": "text", "array": "a list", "object": "a mapping", "integer": "an integer"}
_MOVED: Final = {
    "mutex": "since 4.0 write the list `mutexes`",
    "semaphore": "since 4.0 write the list `semaphores`",
    "schedule": "since 4.0 write the list `schedules`",
    "pendingTimeout": "it exists since 4.1",
    "podResources": "it exists since 4.1",
    "resourceClaims": "it exists since 4.1",
    "key": "memoize has it up to 3.7 only",
}
"""Fields that some lines of Argo know."""


def faults_of_shape(root: Node, shape: Shape, spelling: Spelling) -> Iterator[Fault]:
    """What of a document does not fit: E323 to E326, E342."""
    faults: list[Fault] = []
    ruled: list[tuple[Node, Shape]] = []
    for node, wanted in _pairs(root, shape, ruled):
        faults += _faults(node, wanted, spelling)
    yield from faults
    for node, wanted in ruled:
        # As a server does: rules speak only about what is well formed.
        if not any(fault.code != "E323" and fault.node.steps[: len(node.steps)] == node.steps for fault in faults):
            yield from faults_of_rules(node, wanted.rules)


def _pairs(root: Node, shape: Shape, ruled: list[tuple[Node, Shape]]) -> Iterator[tuple[Node, Shape]]:
    """Every place with its shape; nothing below a place of the wrong type. Those with rules are put into `ruled`."""
    waiting = [(root, shape)]
    while waiting:
        node, wanted = waiting.pop()
        yield node, wanted
        if node.value is None or not _fits(_kind(node.value), wanted.kinds):
            continue
        if wanted.rules:
            ruled.append((node, wanted))
        waiting += reversed(list(_below(node, wanted)))


def _faults(node: Node, wanted: Shape, spelling: Spelling) -> Iterator[Fault]:
    """What is wrong at one place, and not below it."""
    if node.value is None:
        if not wanted.nullable and wanted.kinds and node.steps:
            yield Fault("E324", f"'{node.steps[-1]}' is empty", node, expected=_expected(wanted))
        return
    wrong = _wrong_kind(node, wanted)
    if wrong is not None:
        yield wrong
        return
    yield from _wrong_value(node, wanted)
    yield from _wrong_fields(node, wanted, spelling)


def _kind(value: Any) -> str:
    return _JSON_KINDS.get(type(value), "object" if isinstance(value, Mapping) else type(value).__name__)


def _fits(kind: str, kinds: frozenset[str]) -> bool:
    return not kinds or kind in kinds or (kind == "integer" and "number" in kinds)


def _wrong_kind(node: Node, wanted: Shape) -> Fault | None:
    kind = _kind(node.value)
    if _fits(kind, wanted.kinds):
        return None
    if kind == "string" and "{{" in node.value:
        return _templated(node, wanted)
    return Fault(
        "E324",
        f"'{node.steps[-1] if node.steps else 'document'}' has the wrong type",
        node,
        got=f"{_SPOKEN.get(kind, kind)}: {node.value}",
        expected=_expected(wanted),
        hint="quote it" if wanted.kinds == {"string"} and kind in ("integer", "number", "boolean") else "",
    )


def _templated(node: Node, wanted: Shape) -> Fault:
    return Fault(
        "E342",
        f"'{node.steps[-1]}' cannot be a template: it is checked before anything is substituted",
        node,
        got=node.text,
        expected=_expected(wanted),
        hint="set it at run time through `podSpecPatch`, or write the value itself",
    )


def _expected(wanted: Shape) -> str:
    if wanted.choices:
        return "one of " + ", ".join(map(str, wanted.choices))
    words = [_SPOKEN.get(kind, kind) for kind in sorted(wanted.kinds)]
    return " or ".join(words) + (f" that matches {wanted.pattern}" if wanted.pattern else "")


def _wrong_value(node: Node, wanted: Shape) -> Iterator[Fault]:
    value = node.value
    name = node.steps[-1] if node.steps else "document"
    if wanted.choices and value not in wanted.choices:
        yield Fault("E324", f"'{name}' has none of its values", node, got=str(value), expected=_expected(wanted))
    if isinstance(value, str):
        if wanted.pattern and not _pattern(wanted.pattern).search(value):
            fault = Fault("E324", f"'{name}' has a form that is refused", node, got=value, expected=_expected(wanted))
            yield _templated(node, wanted) if "{{" in value else fault
        yield from _wrong_size(node, "characters", len(value), wanted.length)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if (wanted.least is not None and value < wanted.least) or (wanted.most is not None and value > wanted.most):
            expected = f"{wanted.least} to {wanted.most}"
            yield Fault("E324", f"'{name}' is out of range", node, got=str(value), expected=expected)
    elif isinstance(value, list):
        yield from _wrong_size(node, "elements", len(value), wanted.count)


def _wrong_size(node: Node, unit: str, size: int, limits: tuple[int, int | None]) -> Iterator[Fault]:
    least, most = limits
    if size < least or (most is not None and size > most):
        expected = f"at least {least}" if size < least else f"at most {most}"
        yield Fault(
            "E324", f"'{node.steps[-1]}' has too few or too many {unit}", node, got=str(size), expected=expected
        )


def _wrong_fields(node: Node, wanted: Shape, spelling: Spelling) -> Iterator[Fault]:
    if not isinstance(node.value, Mapping):
        return
    for name in sorted(wanted.required - {key for key in node.mapping if isinstance(key, str)}):
        yield Fault("E324", f"the field '{name}' is missing", node, expected=name)
    if wanted.is_open or wanted.others is not None:
        return
    for key in node.mapping:
        if not isinstance(key, str) or key not in wanted.fields:
            hint = _MOVED.get(str(key)) or spelling.nearest(str(key), wanted.fields)
            place = node.at(key) if isinstance(key, str) else node
            yield Fault("E323", f"there is no field '{str(key)[:60]}' here", place, got=str(key), hint=hint)


def _below(node: Node, wanted: Shape) -> Iterator[tuple[Node, Shape]]:
    if isinstance(node.value, list):
        if wanted.items is not None:
            for index in range(len(node.value)):
                yield node.at(index), wanted.items
        return
    for key in node.mapping:
        shape = wanted.fields.get(key) if isinstance(key, str) else None
        shape = shape or wanted.others
        if shape is not None and isinstance(key, str):
            yield node.at(key), shape


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    """Go's `$` is the end of the text; Python's also stands before a last line break."""
    return re.compile(text[:-1] + r"\Z" if text.endswith("$") and not text.endswith(r"\$") else text)
