"""What a rule yields: a finding before its place has become text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from milonga.compiler.diagnostics import Diagnostic, Severity
from milonga.compiler.targets.argo.gate.node import Node

_PLAIN = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.]{0,127}")
_SHOWN_MAX = 160


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding at a place of a document."""

    code: str
    message: str
    node: Node
    severity: Severity = field(default="error", kw_only=True)
    got: str = field(default="", kw_only=True)
    expected: str = field(default="", kw_only=True)
    hint: str = field(default="", kw_only=True)

    def diagnostic(self) -> Diagnostic:
        """The finding as everybody else knows it."""
        return Diagnostic(
            code=self.code,
            severity=self.severity,
            message=f"argo: {printable(self.message)}",
            path=path_of(self.node),
            got=shown(self.got),
            expected=printable(self.expected),
            hint=printable(self.hint),
        )


def printable(text: str) -> str:
    """Text that may hold parts of a document, as a terminal may get it."""
    return text.encode("unicode_escape").decode("ascii").replace("\\\\", "\\")


def shown(text: str) -> str:
    """Text of a document as a message may hold it: printable, and not endless."""
    plain = printable(text)
    return plain if len(plain) <= _SHOWN_MAX else plain[: _SHOWN_MAX - 3] + "..."


def path_of(node: Node) -> str:
    """Such as "Workflow/train-/spec.templates[main].dag.tasks[0]": named entries by name, where that is unique."""
    document = node.document
    head = document.kind if _PLAIN.fullmatch(document.kind) else "document"
    head += f"/{document.name}" if _PLAIN.fullmatch(document.name) else f"[{document.index}]"
    parts: list[str] = []
    here = Node(document, (), document.data)
    for step in node.steps:
        if isinstance(step, int):
            parts.append(f"[{_entry(here, step)}]")
        else:
            plain = step if _PLAIN.fullmatch(step) else repr(step[:40].encode("ascii", "backslashreplace").decode())
            parts.append(f".{plain}" if parts else plain)
        here = here.at(step)
    return f"{head}/{''.join(parts)}" if parts else head


def _entry(here: Node, index: int) -> str | int:
    name = here.at(index).name
    if not _PLAIN.fullmatch(name) or not isinstance(here.value, list):
        return index
    same = sum(1 for other in here.value if isinstance(other, Mapping) and other.get("name") == name)
    return name if same == 1 else index
