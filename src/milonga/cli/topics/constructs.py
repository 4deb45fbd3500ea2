"""Constructs of pipelines as topics: what each is, and what each compile target does with it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from milonga.cli.topics.topic import Topic

if TYPE_CHECKING:
    from milonga.compiler.constructs import Construct
    from milonga.compiler.targets.capability import Capability

_OF_THE_LANGUAGE = {
    **dict.fromkeys(("if", "elif", "else"), "condition"),
    "parallelfor": "loop-dynamic",
    "collected": "collected-parameter",
    "oneof": "oneof-parameter",
    "exithandler": "exit-handler",
    "taskfinalstatus": "task-final-status",
    "retries": "retry",
    "secrets": "k8s-secretasenv",
    "timeout_s": "k8s-activedeadlineseconds",
    "gpu": "accelerator",
}
"""Words of the author's language, and the construct that stands for them."""


class ConstructTopics:
    """Every row of the capability tables. The compiler is loaded when a construct is asked for, and not for a code."""

    heading = "Constructs"

    def titles(self) -> Mapping[str, str]:
        """Titles by name, in the order of the tables."""
        from milonga.compiler.constructs import CONSTRUCTS

        return {name: construct.title for name, construct in CONSTRUCTS.items()}

    def find(self, name: str, *, width: int) -> Topic | None:
        """What a construct is and where it works."""
        from milonga.compiler.constructs import CONSTRUCTS
        from milonga.compiler.targets import TARGETS

        wanted = _OF_THE_LANGUAGE.get(name.lower(), name.lower())
        construct = {known.lower(): construct for known, construct in CONSTRUCTS.items()}.get(wanted)
        if construct is None:
            return None
        cells = {target: made.table[construct.name] for target, made in sorted(TARGETS.items())}
        return Topic(_text(construct, cells, width), _document(construct, cells))


def _text(construct: Construct, cells: Mapping[str, tuple[Capability, ...]], width: int) -> str:
    lines = [f"{construct.name} · {construct.title}", f"group: {construct.group}", "", "what each target does with it:"]
    for target, known in cells.items():
        for cell in known:
            since = f", from {target}@{cell.since} on" if cell.since else ""
            lines += ["", f"  {target}: {cell.verdict}{since}"]
            for label, text in _details(cell):
                lines += textwrap.wrap(f"{label}: {text}", width, initial_indent="    ", subsequent_indent="      ")
    return "\n".join(lines) + "\n"


def _details(cell: Capability) -> Iterator[tuple[str, str]]:
    rewrite = "compile with --lower: it writes this in a form that works" if cell.rewrite else ""
    fields = {"because": cell.note, "hint": cell.hint, "rewrite": rewrite, "source": cell.source}
    return ((label, text) for label, text in fields.items() if text)


def _document(construct: Construct, cells: Mapping[str, tuple[Capability, ...]]) -> dict[str, Any]:
    fields = ("verdict", "note", "hint", "since", "source", "rewrite")
    return {
        "name": construct.name,
        "title": construct.title,
        "group": construct.group,
        "targets": {
            target: [{field: getattr(cell, field) for field in fields if getattr(cell, field)} for cell in known]
            for target, known in cells.items()
        },
    }
