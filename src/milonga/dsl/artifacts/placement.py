"""Where `Artifact.create` puts new content. The task runtime replaces the default for the time of one task."""

from __future__ import annotations

import contextlib
import contextvars
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol


class Placement(Protocol):
    """Chooses the local path of a new artifact. Called from the task's own thread or threads."""

    def place(self, artifact_class: type, name: str) -> Path:
        """A path that does not exist yet and that no other call gets."""
        ...


class TemporaryPlacement:
    """The default outside a task: a fresh temporary folder for each artifact."""

    def place(self, artifact_class: type, name: str) -> Path:
        """A path in a new temporary folder."""
        del name  # it is data, and no path: "/" or "../.." would be somewhere else
        return Path(tempfile.mkdtemp(prefix="milonga-")) / artifact_class.__name__.lower()


_CURRENT: contextvars.ContextVar[Placement] = contextvars.ContextVar("milonga_placement")


def current_placement() -> Placement:
    """The placement of the running task, or the default."""
    return _CURRENT.get(TemporaryPlacement())


@contextlib.contextmanager
def placed_by(placement: Placement) -> Iterator[None]:
    """Let `placement` decide for the code inside."""
    token = _CURRENT.set(placement)
    try:
        yield
    finally:
        _CURRENT.reset(token)
