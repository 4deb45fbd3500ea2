"""Constructs of pipelines as topics: what each is, and what each compile target does with it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from milonga.cli.topics.topic import Topic
from milonga.compiler.constructs import CONSTRUCTS, Construct
from milonga.compiler.targets import TARGETS, Target
from milonga.compiler.targets.capability import Capability


class ConstructTopics:
    """Every row of the capability tables."""

    heading = "Constructs"

    def titles(self) -> Mapping[str, str]:
        """Titles by name, in the order of the table."""
        return {name: construct.title for name, construct in CONSTRUCTS.items()}

    def find(self, name: str, *, width: int) -> Topic | None:
        """What a construct is and where it works."""
        construct = CONSTRUCTS.get(name) or _in_lower_case().get(name.lower())
        if construct is None:
            return None
        targets = [target() for target in TARGETS.values()]
        return Topic(_as_text(construct, targets, width), _as_json(construct, targets))


def _in_lower_case() -> Mapping[str, Construct]:
    return {name.lower(): construct for name, construct in CONSTRUCTS.items()}


def _as_text(construct: Construct, targets: list[Target], width: int) -> str:
    lines = [f"{construct.name}: {construct.title}", ""]
    for target in targets:
        cell = target.capability(construct.name)
        since = f" since {cell.since}" if cell.since else ""
        lines.append(f"{target.name}@{target.version}: {cell.verdict}{since}")
        for text in _remarks(cell):
            lines += textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ")
    return "\n".join(lines) + "\n"


def _remarks(cell: Capability) -> Iterator[str]:
    if cell.note:
        yield cell.note
    if cell.rewrite:
        yield f"milonga compile lowers it (pass {cell.rewrite})"
    if cell.hint:
        yield f"instead: {cell.hint}"
    if cell.source:
        yield f"source: {cell.source}"


def _as_json(construct: Construct, targets: list[Target]) -> Mapping[str, Any]:
    cells = {target.name: _cell(target, target.capability(construct.name)) for target in targets}
    return {"construct": construct.name, "group": construct.group, "title": construct.title, "targets": cells}


def _cell(target: Target, cell: Capability) -> dict[str, str]:
    fields = {
        "version": target.version,
        "verdict": cell.verdict,
        "since": cell.since,
        "note": cell.note,
        "rewrite": cell.rewrite,
        "hint": cell.hint,
        "source": cell.source,
    }
    return {key: value for key, value in fields.items() if value}
