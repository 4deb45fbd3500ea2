"""The contract of a back end: a system that runs pipelines elsewhere.

Ownership. A back end object holds a connection and nothing else: runs and schedules belong to the remote system and
outlive it. Making one reads settings and the environment and reaches nobody; the first call does.

Threads. One object belongs to one thread at a time; objects do not share anything, so make one a thread.

Retries. Every method may be called again after any error. Reads are repeated after connection failures, 429 and 5xx
with growing pauses (`Patience`). What makes something is sent again only if the first request cannot have had an
effect, or if the name that it carries makes a second one impossible; when its answers stay lost, the back end looks for
what it asked for, and says so if it cannot tell (E809). Looking is one request an attempt: retries do not multiply.

What may never change: nothing is made twice by one call; nothing is sent before the pipeline, the arguments and the
settings have been checked; tokens, cookies and keys stand in no message; a state that is not known is not an end.

A new back end is a folder here, a class with these methods, and a line in `milonga.backends.BACKENDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol

from milonga.backends.backend_option import BackendOption
from milonga.backends.patience import Patience
from milonga.backends.remote_run import RemoteRun
from milonga.backends.remote_schedule import RemoteSchedule
from milonga.backends.submit_request import SubmitRequest
from milonga.backends.submitted_run import SubmittedRun
from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.schedules.base import Translation
from milonga.dsl.schedule import Schedule


class Backend(Protocol):
    """Runs pipelines, and keeps schedules, on a remote system.

    Attributes:
        name: its name in `BACKENDS`; the compile target of the same name makes what it sends.
        options: its settings.
        patience: how long it waits and how often it asks again.
    """

    name: ClassVar[str]
    options: ClassVar[tuple[BackendOption, ...]]
    patience: Patience

    @classmethod
    def configured(cls, settings: Mapping[str, str], patience: Patience) -> Backend:
        """A back end with these settings by option name, those of the environment filled in. Nobody is reached.

        Raises:
            UsageError: E932 a setting that is needed is missing, E933 a setting breaks its rule.
        """
        ...

    def submit(self, graph: Graph, request: SubmitRequest) -> SubmittedRun:
        """Start one run.

        Raises:
            UsageError: E933 a label or name, E934 no credentials here, E935 a name, E936 an artifact.
            RemoteError: E800-E809.
        """
        ...

    def argument_findings(self, request: SubmitRequest) -> tuple[Diagnostic, ...]:
        """What this system changes of the arguments of a run (E312); nobody is reached."""
        ...

    def status(self, run_id: str, *, patience: Patience | None = None) -> RemoteRun:
        """A run as it is now.

        Args:
            run_id: which one.
            patience: for this look alone, instead of the back end's own.

        Raises:
            UsageError: E939, no id; E812, there is no such run, where nobody remote is asked.
            RemoteError: E800-E808; E812, there is no such run.
        """
        ...

    def cancel(self, run_id: str) -> None:
        """Ask for the end of a run; no error when it has ended already, or was asked to.

        Raises:
            UsageError: E939, no id; E812, there is no such run, where nobody remote is asked.
            RemoteError: E800-E808; E812, there is no such run.
        """
        ...

    def translated(self, graph: Graph, request: SubmitRequest, schedule: Schedule) -> Translation:
        """`schedule` in this system's words as it would be sent now, with what it cannot say; nobody is reached.

        Raises:
            UsageError: E920, a setting of the clock.
        """
        ...

    def add_schedule(self, graph: Graph, request: SubmitRequest, schedule: Schedule) -> RemoteSchedule:
        """Start runs by `schedule` from now on.

        Raises:
            UnsupportedByTarget: E310, this system cannot keep the schedule.
            UsageError: as `submit`.
            RemoteError: E800-E809.
        """
        ...

    def schedules(self) -> tuple[RemoteSchedule, ...]:
        """All schedules of the place that the settings name, whoever made them, newest first.

        Raises:
            RemoteError: E800-E808.
        """
        ...

    def pause_schedule(self, schedule_id: str) -> None:
        """Start no more runs until it is resumed; no error when it is paused already.

        Raises:
            UsageError: E939, no id; E813, there is no such schedule, where nobody remote is asked.
            RemoteError: E800-E808; E813, there is no such schedule.
        """
        ...

    def resume_schedule(self, schedule_id: str, *, catch_up: bool = False) -> None:
        """Start runs again.

        Args:
            schedule_id: which one.
            catch_up: also start the runs that were missed in between.

        Raises:
            UsageError: E938, this system does not let us choose; E939, no id; E813, there is no such schedule, where
                nobody remote is asked.
            RemoteError: E800-E808; E813, there is no such schedule.
        """
        ...

    def delete_schedule(self, schedule_id: str) -> None:
        """Forget a schedule; its runs stay.

        Raises:
            UsageError: E939, no id; E813, there is no such schedule, where nobody remote is asked.
            RemoteError: E800-E808; E813, there is no such schedule.
        """
        ...
