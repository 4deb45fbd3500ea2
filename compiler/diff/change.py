"""One difference between two pipelines, or between two runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

PIPELINE = "pipeline"
"""Where a change is that belongs to no task."""

CODE_KINDS = frozenset({"code-changed", "code-layout", "module-added", "module-removed"})
"""Kinds whose `before` and `after` are whole Python texts."""

_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        where: task path such as "for-loop-1/train", in `after` unless the task is gone; or "pipeline", or "run".
        kind: a stable word in kebab case; `milonga.compiler.diff.kinds` lists those of pipelines.
        what: of what, such as "memory" or the name of an input; "" where the kind says it all.
        before: as the author would write it; None when there was nothing.
        after: the same for the other side. For code, both are the whole text.
        text: all of it in one line.
        quiet: worth knowing, and no difference in meaning: it is shown and not counted.
    """

    where: str
    kind: str
    what: str
    before: str | None
    after: str | None
    text: str
    quiet: bool = False

    def to_json(self, *, code: bool = False) -> dict[str, Any]:
        """The change as a flat JSON object; texts of code only with `code`, as they are long."""
        is_code = self.kind in CODE_KINDS and not code
        document = {
            "where": self.where,
            "kind": self.kind,
            "what": self.what,
            "before": None if is_code else self.before,
            "after": None if is_code else self.after,
            "text": self.text,
            "quiet": self.quiet,
        }
        if is_code:
            del document["before"], document["after"]
        return document


def path_order(path: str) -> tuple[object, ...]:
    """A sort key for task paths: "train-2" before "train-10", a group before what is in it."""
    return tuple(
        tuple((0, int(part), part) if part.isdecimal() else (1, 0, part) for part in _NUMBER.split(name) if part)
        for name in path.split("/")
    )
