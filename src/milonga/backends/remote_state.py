"""The states that runs and tasks of all remote systems are told in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

RemoteState = Literal[
    "UNKNOWN", "PENDING", "RUNNING", "PAUSED", "CANCELLING", "SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED", "NOT_RUN"
]

ENDED: frozenset[RemoteState] = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED", "NOT_RUN"})
"""States that nothing follows."""


def state_from(spellings: Mapping[str, RemoteState], word: str | None) -> RemoteState:
    """The state behind a system's own word; UNKNOWN for a word that `spellings` does not have.

    A newer server may have states that did not exist when this was written; they must not end a wait.
    """
    return spellings.get(word or "", "UNKNOWN")
