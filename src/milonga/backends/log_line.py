"""One line of the log of a remote task."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line.

    Attributes:
        task: path of the task that has written it.
        attempt: which attempt, from 1.
        text: without the line end.
    """

    task: str
    attempt: int
    text: str
