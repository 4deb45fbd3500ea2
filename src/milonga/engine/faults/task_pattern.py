"""Which tasks a fault is for: a glob over their paths."""

from __future__ import annotations

import re
from dataclasses import dataclass

_INDEX = re.compile(r"\[\d+\]")
_WILDCARDS = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True, slots=True)
class TaskPattern:
    """A glob: `*` and `?` stand for characters other than "/", `**` for any; all others for themselves.

    Without a "/" it is compared with the name of a task, else with its whole path. Indices of loops may be left out:
    "for-loop-1/train" is every iteration's. An underscore is as good as the hyphen that task names have in its place.
    """

    text: str

    def matches(self, path: str) -> bool:
        """Whether the task at `path` is meant."""
        name = path.rpartition("/")[2]
        shown = (path, _INDEX.sub("", path)) if "/" in self.text else (name, _INDEX.sub("", name))
        return any(_compiled(text).fullmatch(one) for text in self._spellings() for one in shown)

    def may_match(self, path: str) -> bool:
        """The same for a path of the graph, where loops have no indices yet."""
        without = TaskPattern(_INDEX.sub("", self.text))
        return self.matches(path) or without.matches(path)

    def _spellings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.text, self.text.replace("_", "-"))))


def _compiled(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*|\?)", text)
    return re.compile("".join(_WILDCARDS.get(part) or re.escape(part) for part in parts), re.DOTALL)
