"""The back end `local`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from milonga.backends.backend_option import BackendOption
from milonga.backends.ids import checked_id
from milonga.backends.local.clock import Clock, SystemClock
from milonga.backends.local.detached_runs import DetachedRuns
from milonga.backends.local.kept_schedules import KeptSchedules
from milonga.backends.local.local_settings import OPTIONS, LocalSettings
from milonga.backends.local.places import Places
from milonga.backends.local.records.stored_schedule import ScheduleDraft
from milonga.backends.local.records.work import Work
from milonga.backends.local.triggers import TimeTrigger, Trigger
from milonga.backends.marks import run_name
from milonga.backends.patience import Patience
from milonga.backends.remote_run import RemoteRun
from milonga.backends.remote_schedule import RemoteSchedule
from milonga.backends.required_document import required_document
from milonga.backends.submit_request import SubmitRequest
from milonga.backends.submitted_run import SubmittedRun
from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.documents import dump_graph
from milonga.compiler.graph import Graph
from milonga.compiler.schedules.base import Translation
from milonga.compiler.schedules.local import LocalSchedules
from milonga.dsl.schedule import Schedule
from milonga.engine.home import Home
from milonga.errors import UsageError


class LocalBackend:
    """Runs pipelines on this machine, in processes of their own: see `milonga.backends.base` for the contract.

    Args:
        settings: where the state is.
        patience: how often a waiting caller looks.
        clock: what time it is.
    """

    name: ClassVar[str] = "local"
    options: ClassVar[tuple[BackendOption, ...]] = OPTIONS

    def __init__(self, settings: LocalSettings, patience: Patience, clock: Clock | None = None) -> None:
        self.patience = patience
        self._settings = settings
        places, chosen = Places(settings.home), clock or SystemClock()
        self._runs = DetachedRuns(places, chosen)
        self.kept = KeptSchedules(places, chosen)

    @classmethod
    def configured(cls, settings: Mapping[str, str], patience: Patience) -> LocalBackend:
        """A back end with these settings.

        Raises:
            UsageError: E931 an unknown setting, E933 one that breaks its rule, E978 a file of secrets that is none.
        """
        return cls(LocalSettings.resolved(settings), patience)

    @property
    def home(self) -> Home:
        """The state folder."""
        return self._settings.home

    def submit(self, graph: Graph, request: SubmitRequest) -> SubmittedRun:
        """Start a run in a process of its own, and return when it has begun.

        Raises:
            RunError: E472, E476, it does not begin; or why it cannot.
        """
        work = self._work(graph, request, _arguments(request))
        return SubmittedRun(self._runs.start(work, dump_graph(graph)), request.name or run_name(graph))

    def argument_findings(self, request: SubmitRequest) -> tuple[Diagnostic, ...]:
        """Nothing: arguments are passed on as they are."""
        return ()

    def status(self, run_id: str, *, patience: Patience | None = None) -> RemoteRun:
        """The run as it is now, whoever started it."""
        return self._runs.status(checked_id("run", run_id))

    def cancel(self, run_id: str) -> None:
        """Ask the process of a run for its end; one that has none is not resumed any more."""
        self._runs.cancel(checked_id("run", run_id))

    def translated(self, graph: Graph, request: SubmitRequest, schedule: Schedule) -> Translation:
        """The schedule as it is kept."""
        name = request.name or graph.name
        return LocalSchedules().translate(schedule, name=name, graph=graph, arguments=_arguments(request))

    def add_schedule(self, graph: Graph, request: SubmitRequest, schedule: Schedule) -> RemoteSchedule:
        """Keep a schedule; one of the same name is changed, and the note says so."""
        required_document(self.translated(graph, request, schedule))
        draft = self.draft(
            graph,
            request,
            TimeTrigger(schedule),
            name=schedule.name,
            arguments=_arguments(request),
            max_concurrency=schedule.max_concurrency,
        )
        return self.kept.add(draft)

    def draft(
        self,
        graph: Graph,
        request: SubmitRequest,
        trigger: Trigger,
        *,
        name: str,
        arguments: Mapping[str, Any],
        max_concurrency: int,
    ) -> ScheduleDraft:
        """A schedule of any trigger, ready to be kept.

        Args:
            graph: the pipeline, kept as it is now.
            request: what else its runs are given.
            trigger: what starts them.
            name: what people call it; "" takes the name of the request, or of the pipeline.
            arguments: JSON values by input name; what an event brings wins over them.
            max_concurrency: how many runs at the same time.
        """
        work = self._work(graph, request, arguments)
        return ScheduleDraft(name or request.name or graph.name, trigger, work, max_concurrency, dump_graph(graph))

    def schedules(self) -> tuple[RemoteSchedule, ...]:
        """All schedules of the state folder, newest first."""
        return self.kept.all()

    def pause_schedule(self, schedule_id: str) -> None:
        """Start nothing more; what was due before waits until it is resumed."""
        self.kept.pause(schedule_id)

    def resume_schedule(self, schedule_id: str, *, catch_up: bool = False) -> None:
        """Start runs again; what was missed since the pause runs with `catch_up` only."""
        self.kept.resume(schedule_id, catch_up=catch_up)

    def delete_schedule(self, schedule_id: str) -> None:
        """Forget it; what runs goes on."""
        self.kept.delete(schedule_id)

    def _work(self, graph: Graph, request: SubmitRequest, arguments: Mapping[str, Any]) -> Work:
        if request.labels:
            raise UsageError("E933", "runs of this machine have no labels", got=", ".join(sorted(request.labels)))
        artifacts = graph.root.input_artifacts
        placed = {name: _placed(value) if name in artifacts else value for name, value in arguments.items()}
        return Work(graph.digest(), placed, request.use_cache, self._settings.secrets, str(Path.cwd()))


def _arguments(request: SubmitRequest) -> dict[str, Any]:
    return {**request.parameters, **request.artifacts}


def _placed(value: Any) -> Any:
    """A relative path made absolute: the run may begin in another folder."""
    text = str(value)
    return (
        text if "://" in text and not text.startswith("file://") else str(Path(text.removeprefix("file://")).absolute())
    )
