"""The back end `argo`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, TypeVar

from milonga.backends.absent import absent
from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.argo_settings import OPTIONS, ArgoSettings
from milonga.backends.argo.bundle import Bundle
from milonga.backends.argo.cron_workflows import added, changed_suspension, deleted, listed
from milonga.backends.argo.first_look import looked_at
from milonga.backends.argo.given_artifacts import with_artifacts
from milonga.backends.argo.installation import code_installed, installed, installed_for_run
from milonga.backends.argo.looks import remote_run, workflow_named
from milonga.backends.argo.ownership import owned_by_run
from milonga.backends.argo.resources import WORKFLOWS
from milonga.backends.argo.reuse import known_results
from milonga.backends.argo.starts import require_possible, started
from milonga.backends.backend_option import BackendOption
from milonga.backends.call_failed import CallFailed
from milonga.backends.ids import checked_id
from milonga.backends.marks import run_name
from milonga.backends.patience import Patience
from milonga.backends.remote_run import RemoteRun
from milonga.backends.remote_schedule import RemoteSchedule
from milonga.backends.required_document import required_document
from milonga.backends.submit_request import SubmitRequest
from milonga.backends.submitted_run import SubmittedRun
from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.schedules.argo import ArgoSchedules
from milonga.compiler.schedules.base import Translation
from milonga.compiler.targets.argo.known_results import KnownResults
from milonga.dsl.schedule import Schedule
from milonga.errors import UsageError

if TYPE_CHECKING:
    from milonga.backends.argo.operations import ArgoOperations

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")


class ArgoBackend:
    """Runs pipelines on Argo Workflows, 3.7 and newer: see `milonga.backends.base` for the contract.

    A pipeline becomes two ConfigMaps and a WorkflowTemplate that are named by their content, to which runs and
    schedules refer, and a WorkflowTemplate of its own name, for people. A run's id is the name of its Workflow.
    """

    name: ClassVar[str] = "argo"
    options: ClassVar[tuple[BackendOption, ...]] = OPTIONS

    def __init__(self, settings: ArgoSettings, patience: Patience) -> None:
        self.patience = patience
        self._connection = ArgoConnection(settings, patience)

    @classmethod
    def configured(cls, settings: Mapping[str, str], patience: Patience) -> Self:
        """A back end with these settings.

        Raises:
            UsageError: E931 an unknown setting, E933 one that breaks its rule.
        """
        return cls(ArgoSettings.resolved(settings), patience)

    @property
    def operations(self) -> ArgoOperations:
        """What else can be asked about its runs: see `milonga.backends.operations`."""
        from milonga.backends.argo.operations import ArgoOperations  # submitting needs no half of it

        return ArgoOperations(self._connection)

    @property
    def namespace(self) -> str:
        """The namespace that runs are started in."""
        return self._connection.namespace

    def bundle(self, graph: Graph, known: KnownResults | None = None) -> Bundle:
        """What is put on the cluster for a pipeline; for one run, where results are `known` before it.

        Raises:
            UnsupportedByTarget: E315-E319, Argo cannot run it.
        """
        return Bundle.compiled(graph, known)

    def submit(self, graph: Graph, request: SubmitRequest) -> SubmittedRun:
        """Put the pipeline on the cluster as far as it is not there, and start a run."""
        require_possible(request)
        request = with_artifacts(graph, request)
        shared = bundle = self.bundle(graph)
        installed(self._connection, shared)
        known = known_results(self._connection, shared, request)
        if known:
            bundle = self.bundle(graph, known)
            code_installed(self._connection, bundle)
        template, is_new = installed_for_run(self._connection, bundle)
        name = request.name or run_name(graph)
        run_id = started(self._connection, bundle, template, request, name)
        if is_new:
            looked_at(self._connection, run_id, template)
        if known:
            owned_by_run(self._connection, run_id, bundle, shared)
        return SubmittedRun(run_id, name, self._connection.page(run_id))

    def argument_findings(self, request: SubmitRequest) -> tuple[Diagnostic, ...]:
        """None: arguments pass through Argo unchanged."""
        return ()

    def status(self, run_id: str, *, patience: Patience | None = None) -> RemoteRun:
        """The Workflow as it is now."""
        return remote_run(self._connection.with_patience(patience or self.patience), run_id)

    def cancel(self, run_id: str) -> None:
        """Ask for the end of the run: its pods are stopped, and no exit task runs any more."""
        workflow = workflow_named(self._connection, run_id)
        if not workflow.has_ended and not workflow.shutdown:
            patch = {"spec": {"shutdown": "Stop", "suspend": None}}
            self._known("run", run_id, lambda: self._connection.read("PATCH", WORKFLOWS, run_id, body=patch))

    def translated(self, graph: Graph, request: SubmitRequest, schedule: Schedule) -> Translation:
        """The CronWorkflow, before the names of what it starts are known."""
        arguments = {**request.parameters, **request.artifacts}
        named = replace(schedule, name=schedule.name or request.name)
        return ArgoSchedules().translate(named, name=graph.name, graph=graph, arguments=arguments)

    def add_schedule(self, graph: Graph, request: SubmitRequest, schedule: Schedule) -> RemoteSchedule:
        """Put the pipeline on the cluster as far as it is not there, and make or change a CronWorkflow."""
        document = required_document(self.translated(graph, request, schedule))
        require_possible(request)
        return added(self._connection, self.bundle(graph), request, document)

    def schedules(self) -> tuple[RemoteSchedule, ...]:
        """The CronWorkflows of the namespace."""
        return listed(self._connection)

    def pause_schedule(self, schedule_id: str) -> None:
        """Suspend a CronWorkflow."""
        self._known("schedule", schedule_id, lambda: changed_suspension(self._connection, schedule_id, suspend=True))

    def resume_schedule(self, schedule_id: str, *, catch_up: bool = False) -> None:
        """Let a CronWorkflow go on. Of the times that it missed, the newest is made up for if it is not an hour old."""
        if catch_up:
            raise UsageError(
                "E938",
                "Argo does not make up for missed runs when a schedule is resumed",
                hint="run the missed times by hand",
            )
        self._known("schedule", schedule_id, lambda: changed_suspension(self._connection, schedule_id, suspend=False))

    def delete_schedule(self, schedule_id: str) -> None:
        """Delete a CronWorkflow; the runs that it has started stay."""
        self._known("schedule", schedule_id, lambda: deleted(self._connection, schedule_id))

    def _known(self, kind: str, id: str, call: Callable[[], T]) -> T:
        checked_id(kind, id)
        try:
            return call()
        except CallFailed as failure:
            raise absent(kind, id, failure) from None
