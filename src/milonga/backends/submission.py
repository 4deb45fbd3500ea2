"""A submitted run in the hand of a Python program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from milonga.backends.base import Backend
from milonga.backends.remote_run import RemoteRun
from milonga.backends.submitted_run import SubmittedRun
from milonga.backends.waiting import ended_run
from milonga.compiler.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Submission:
    """A run that a back end has accepted, and the connection to look at it.

    Attributes:
        run: its id, name and page.
        findings: what the back end changes or drops of the pipeline.
    """

    run: SubmittedRun
    findings: tuple[Diagnostic, ...]
    _backend: Backend = field(repr=False, compare=False)

    @property
    def run_id(self) -> str:
        """The id that the remote system knows the run by."""
        return self.run.run_id

    @property
    def url(self) -> str:
        """The run's page, "" where the address of the pages is not known."""
        return self.run.url

    def status(self) -> RemoteRun:
        """The run as it is now.

        Raises:
            RemoteError: E800-E808, E812.
            UsageError: E812, where the run is one of this machine.
        """
        return self._backend.status(self.run_id)

    def wait(self, *, timeout_s: float | None = None, watch: Callable[[RemoteRun], None] | None = None) -> RemoteRun:
        """The run when it has ended, however it ended.

        Args:
            timeout_s: for how long to wait, in seconds; None is without end.
            watch: called with what was seen at each look.

        Raises:
            RemoteError: E800-E808, E812; E810, it has not ended in time. The run goes on.
            UsageError: E812, where the run is one of this machine.
        """
        return ended_run(self._backend, self.run_id, timeout_s=timeout_s, watch=watch)

    def cancel(self) -> None:
        """Ask for the end of the run; no error when it has ended already.

        Raises:
            RemoteError: E800-E808, E812.
            UsageError: E812, where the run is one of this machine.
        """
        self._backend.cancel(self.run_id)
