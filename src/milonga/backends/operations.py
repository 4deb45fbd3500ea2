"""The contract of back ends whose runs can be looked into from here: lists, logs, outputs, retries, records.

Only back ends that can do it have it: as the attribute `operations`, which `operations_of` looks for. Ownership,
threads and retries are those of `milonga.backends.base`; looking changes nothing on the remote system, and what is
written here is written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from milonga.backends.base import Backend
from milonga.backends.described_run import DescribedRun
from milonga.backends.log_line import LogLine
from milonga.backends.run_outputs import RunOutputs
from milonga.backends.run_summary import RunSummary
from milonga.compiler.graph import Graph
from milonga.engine.home import Home
from milonga.errors import UsageError
from milonga.lineage.records import RunRecord


class ClusterOperations(Protocol):
    """What can be done with the runs of a remote system, whoever started them.

    A task is named by its path, or by an ending of it that no other has.
    """

    def runs(self, *, pipeline: str = "", state: str = "", limit: int = 20) -> tuple[RunSummary, ...]:
        """Runs, the newest first.

        Args:
            pipeline: only those of this one.
            state: only those in this state, such as "FAILED".
            limit: how many at most.

        Raises:
            RemoteError: E800-E808.
        """
        ...

    def described(self, run_id: str) -> DescribedRun:
        """A run with all of its tasks, and why those wait that do.

        Raises:
            UsageError: E939, no id.
            RemoteError: E800-E808; E812, there is no such run; E833, it cannot be read.
        """
        ...

    def logs(self, run_id: str, write: Callable[[LogLine], None], *, task: str = "", attempt: int = 0) -> int:
        """Everything that a task, or all of them, have written so far, task after task.

        Args:
            run_id: which run.
            write: called with each line.
            task: which task; "" for all.
            attempt: which attempt of each, from 1; 0 for the newest.

        Returns:
            How many tasks had a log that could be read.

        Raises:
            UsageError: E913, E953, no such task; E948, no such attempt.
            RemoteError: E800-E808; E812, there is no such run; E834, the log of the task is gone.
        """
        ...

    def follow(self, run_id: str, write: Callable[[LogLine], None], *, task: str = "") -> None:
        """Likewise, while it is written, until the run (or the task) has ended. Lines of several tasks are mixed.

        Raises:
            RemoteError: E800-E808; E812, there is no such run.
        """
        ...

    def following(self, run_id: str, write: Callable[[LogLine], None]) -> Callable[[], None]:
        """Likewise for all tasks, in the background and without ever failing.

        Returns:
            What waits until everything is told.
        """
        ...

    def outputs(self, run_id: str, *, task: str = "") -> RunOutputs:
        """What a run, or a task of it, has made so far.

        Raises:
            UsageError: E913, E953, no such task.
            RemoteError: E800-E808; E812, there is no such run; E833, E835-E837, what it has made cannot be read.
        """
        ...

    def download(self, outputs: RunOutputs, folder: Path) -> dict[str, tuple[Path, ...]]:
        """Put the content of artifacts into a folder, one entry an output.

        Returns:
            Where the content of each output is now; nothing for one whose content is not ours to have.

        Raises:
            UsageError: E944, the folder holds something of that name.
            RemoteError: E835-E837.
        """
        ...

    def retry(self, run_id: str) -> tuple[str, ...]:
        """Run the failed tasks of a run again, and what comes after them. What has ended well is kept.

        Returns:
            Paths of the tasks that begin again.

        Raises:
            UsageError: E943, the run goes on, or nothing of it has failed.
            RemoteError: E800-E808; E812, there is no such run; E838, the run changes all the time.
        """
        ...

    def import_run(self, run_id: str, home: Home, *, graph: Graph | None = None, content: bool = True) -> RunRecord:
        """Write an ended run into the lineage store of this machine, with its tasks, attempts, artifacts and report.

        Importing it again replaces what is there.

        Args:
            run_id: which one.
            home: the state folder.
            graph: the pipeline; without it there is no report.
            content: whether the content of artifacts comes along; else they keep the addresses of the bucket.

        Returns:
            The record of the run, with the id that it has on this machine.

        Raises:
            UsageError: E943, it goes on; E943, `graph` is another pipeline.
            RemoteError: E800-E808; E812, there is no such run; E833, E835-E837, it cannot be read.
            StoreError: the state folder cannot be written.
        """
        ...


def operations_of(backend: Backend) -> ClusterOperations:
    """What a back end can do with its runs.

    Raises:
        UsageError: E947, it cannot look into them.
    """
    found: Any = getattr(backend, "operations", None)
    if found is None:
        hint = f"milonga submit --to {backend.name} --attach RUN shows one; its own pages show the rest"
        raise not_looked_into(backend.name, hint)
    operations: ClusterOperations = found
    return operations


def not_looked_into(name: str, hint: str) -> UsageError:
    """The error for a place whose runs this cannot be asked of."""
    return UsageError("E947", f"this cannot be done with the runs of '{name}'", hint=hint)
