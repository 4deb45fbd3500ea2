"""The back end `kfp`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from typing import Any, ClassVar, TypeVar

from milonga.backends.absent import absent
from milonga.backends.attempts import removed, repeated
from milonga.backends.backend_option import BackendOption
from milonga.backends.caching import without_cache
from milonga.backends.call_failed import CallFailed
from milonga.backends.ids import checked_id
from milonga.backends.kfp.experiments import experiment_id
from milonga.backends.kfp.kfp_connection import KfpConnection
from milonga.backends.kfp.kfp_settings import OPTIONS, KfpSettings
from milonga.backends.kfp.past_start import begun
from milonga.backends.kfp.recurring_runs import added_recurring_run, recurring_runs
from milonga.backends.kfp.runs import run_as_it_is, started_run
from milonga.backends.kfp.uploads import require_uploadable, uploaded_version
from milonga.backends.marks import run_name
from milonga.backends.patience import Patience
from milonga.backends.remote_run import RemoteRun
from milonga.backends.remote_schedule import RemoteSchedule
from milonga.backends.required_document import required_document
from milonga.backends.submit_request import SubmitRequest
from milonga.backends.submitted_run import SubmittedRun
from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.schedules.base import Translation
from milonga.compiler.schedules.kfp import KfpSchedules
from milonga.compiler.schedules.kfp_macros import replaced_text
from milonga.compiler.targets import target_named
from milonga.dsl.schedule import Schedule
from milonga.errors import UsageError

T = TypeVar("T")


class KfpBackend:
    """Runs pipelines on Kubeflow Pipelines 2.x: see `milonga.backends.base` for the contract.

    A pipeline is uploaded as a version that is named by its content, and runs and schedules refer to that version.
    """

    name: ClassVar[str] = "kfp"
    options: ClassVar[tuple[BackendOption, ...]] = OPTIONS

    def __init__(self, settings: KfpSettings, patience: Patience) -> None:
        self.patience = patience
        self._connection = KfpConnection(settings, patience)

    @classmethod
    def configured(cls, settings: Mapping[str, str], patience: Patience) -> KfpBackend:
        """A back end with these settings.

        Raises:
            UsageError: E931 an unknown setting, E933 one that breaks its rule.
        """
        return cls(KfpSettings.resolved(settings), patience)

    def submit(self, graph: Graph, request: SubmitRequest) -> SubmittedRun:
        """Upload the pipeline if the server does not have it, and start a run."""
        text = self._text(graph, request)
        experiment = experiment_id(self._connection)
        version = uploaded_version(self._connection, graph, text)
        name = request.name or run_name(graph)
        return started_run(self._connection, name, experiment, version, request.parameters)

    def _text(self, graph: Graph, request: SubmitRequest) -> str:
        _require_possible(request)
        text = target_named(self.name).emit(graph if request.use_cache else without_cache(graph))
        require_uploadable(graph, text)
        return text

    def argument_findings(self, request: SubmitRequest) -> tuple[Diagnostic, ...]:
        """Texts that the server replaces."""
        return tuple(replaced_text(request.parameters, is_scheduled=False))

    def status(self, run_id: str, *, patience: Patience | None = None) -> RemoteRun:
        """The run as it is now."""
        connection = self._connection.with_patience(patience or self.patience)
        return self._known("run", run_id, lambda: run_as_it_is(connection, run_id))

    def cancel(self, run_id: str) -> None:
        """Ask for the end of the run.

        The server refuses that for a run that has ended or was asked to end before, which is no error here.
        """
        try:
            self._known("run", run_id, lambda: self._terminated(run_id))
        except CallFailed as failure:
            if failure.status != 400:
                raise
            run = self.status(run_id)
            if not run.ended and run.state != "CANCELLING":
                raise

    def _terminated(self, run_id: str) -> Any:
        terminate = self._connection.client.runs.run_service_terminate_run
        return self._connection.read(f"run '{run_id}'", terminate, run_id=run_id)

    def translated(self, graph: Graph, request: SubmitRequest, schedule: Schedule) -> Translation:
        """The recurring run without its pipeline, as it is to be sent now: a start that has passed is moved."""
        schedule, moved = begun(schedule, datetime.now(timezone.utc))
        translator = KfpSchedules(server_time_zone=self._connection.settings.kfp_time_zone)
        arguments = {**request.parameters, **request.artifacts}
        found = translator.translate(schedule, name=request.name or graph.name, graph=graph, arguments=arguments)
        return replace(found, findings=(*moved, *found.findings))

    def add_schedule(self, graph: Graph, request: SubmitRequest, schedule: Schedule) -> RemoteSchedule:
        """Upload the pipeline if the server does not have it, and make a recurring run of that version."""
        document = required_document(self.translated(graph, request, schedule))
        text = self._text(graph, request)
        experiment = experiment_id(self._connection)
        version = uploaded_version(self._connection, graph, text)
        return added_recurring_run(self._connection, document, experiment, version)

    def schedules(self) -> tuple[RemoteSchedule, ...]:
        """The recurring runs of the namespace."""
        return recurring_runs(self._connection)

    def pause_schedule(self, schedule_id: str) -> None:
        """Disable a recurring run."""
        self._change_schedule("disable", schedule_id, repeated)

    def resume_schedule(self, schedule_id: str, *, catch_up: bool = False) -> None:
        """Enable a recurring run. Whether it makes up for missed runs was decided when it was made."""
        if catch_up:
            raise UsageError(
                "E938",
                "KFP does not make up for missed runs when a schedule is resumed",
                hint="a schedule that was added with --catch-up does so always",
            )
        self._change_schedule("enable", schedule_id, repeated)

    def delete_schedule(self, schedule_id: str) -> None:
        """Delete a recurring run."""
        self._change_schedule("delete", schedule_id, removed)

    def _change_schedule(self, verb: str, id: str, send: Callable[[Callable[[], Any], Patience], Any]) -> None:
        connection = self._connection
        change = getattr(connection.client.recurring_runs, f"recurring_run_service_{verb}_recurring_run")
        ask = partial(connection.ask, f"schedule '{id}'", change, recurring_run_id=id)
        self._known("schedule", id, lambda: send(ask, self.patience))

    def _known(self, kind: str, id: str, call: Callable[[], T]) -> T:
        checked_id(kind, id)
        try:
            return call()
        except CallFailed as failure:
            raise absent(kind, id, failure) from None


def _require_possible(request: SubmitRequest) -> None:
    if request.artifacts:
        raise UsageError(
            "E936",
            "KFP takes no artifact as input of a pipeline",
            got=", ".join(sorted(request.artifacts)),
            hint="take a URI as a str and import it with ml.importer",
        )
    if request.labels:
        raise UsageError("E933", "KFP has no labels on runs", got=", ".join(sorted(request.labels)))
