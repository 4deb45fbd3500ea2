"""The text of a fault, such as "kill:train:2", in parts, and how its parts are read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from milonga.engine.faults.task_pattern import TaskPattern
from milonga.errors import UsageError

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_S = 7 * 24 * 3600.0


def wrong_spec(text: str, message: str, expected: str, hint: str = "") -> UsageError:
    """The error of a fault that is not understood."""
    return UsageError("E965", f"a fault that is not understood: {message}", got=text, expected=expected, hint=hint)


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """KIND:TARGET[:ARGUMENT ...].

    Attributes:
        text: all of it, as it was written.
        target: tasks or artifacts.
    """

    text: str
    kind: str
    target: str
    arguments: tuple[str, ...] = ()

    @classmethod
    def split(cls, text: str) -> FaultSpec:
        """The parts of `text`. The target has no colon; where a name has one, `?` stands for it.

        Raises:
            UsageError: E965, a part is missing.
        """
        kind, *rest = (part.strip() for part in text.split(":"))
        if not kind or not rest or not all(rest):
            raise wrong_spec(
                text,
                "a part of it is missing",
                "KIND:TARGET",
                "kill:TASK, fail:TASK:2 or lose:TASK.OUTPUT; an output without a name of its own is called Output",
            )
        return cls(text, kind, rest[0], tuple(rest[1:]))

    def tasks(self) -> TaskPattern:
        """The target as tasks."""
        return TaskPattern(self.target)

    def only(self, form: str, count: int) -> None:
        """Refuse more than `count` arguments.

        Raises:
            UsageError: E965, there are more.
        """
        if len(self.arguments) > count:
            raise wrong_spec(self.text, f"'{self.arguments[count]}' is one part too many", form)

    def attempts(self, form: str, position: int = 0) -> int | None:
        """How many attempts are hit, the first of each task: 1 when nothing is said; None, written `*`, is all.

        Raises:
            UsageError: E965, it is no such number.
        """
        if len(self.arguments) <= position:
            return 1
        word = self.arguments[position]
        if word == "*":
            return None
        if not (word.isascii() and word.isdigit() and int(word[:9]) > 0 and len(word) < 9):
            raise wrong_spec(self.text, f"'{word}' is no number of attempts", f"{form}, such as 2, or * for all")
        return int(word)

    def duration_s(self, form: str, position: int) -> float:
        """A duration such as 3s, 500ms, 2m.

        Raises:
            UsageError: E965, it is none, or longer than a week.
        """
        word = self.arguments[position] if len(self.arguments) > position else ""
        found = _DURATION.fullmatch(word)
        seconds = float(found[1]) * _UNITS_S[found[2]] if found else -1.0
        if not 0 <= seconds <= _LONGEST_S:
            raise wrong_spec(self.text, f"'{word}' is no duration", f"{form}, such as 3s, 500ms or 2m, at most a week")
        return seconds
