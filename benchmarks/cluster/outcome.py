"""Runs of one kind, or why there are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.cluster.cluster import RunFailed
from benchmarks.cluster.flows import CannotFuse, NotSubmitted
from benchmarks.cluster.watched_run import WatchedRun
from milonga.errors import MilongaError


@dataclass(slots=True)
class Outcome:
    """Runs of one kind; after a failure there are no further ones."""

    runs: list[WatchedRun] = field(default_factory=list)
    failure: str = ""

    def add(self, run: Callable[[], WatchedRun]) -> None:
        """Run it once more, unless it has failed before."""
        if self.failure:
            return
        try:
            self.runs.append(run())
        except (MilongaError, RunFailed, CannotFuse, NotSubmitted) as error:
            self.failure = str(error).splitlines()[0][:300]

    @classmethod
    def of(cls, run: Callable[[], WatchedRun]) -> Outcome:
        """What comes of one run."""
        made = cls()
        made.add(run)
        return made

    def least(self, read: Callable[[WatchedRun], float | None]) -> float | None:
        """The least of what `read` takes from each run: other load on the machine can only add to it."""
        found = [value for value in map(read, self.runs) if value is not None]
        return None if self.failure else min(found, default=None)

    def most(self, read: Callable[[WatchedRun], float]) -> float | None:
        """The most of it."""
        return None if self.failure else max(map(read, self.runs), default=None)
