"""The back end `vertex`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from milonga.backends.absent import absent
from milonga.backends.attempts import made_by_name, made_once, removed
from milonga.backends.backend_option import BackendOption
from milonga.backends.call_failed import CallFailed
from milonga.backends.failures import require_new_page, strange_answer
from milonga.backends.ids import checked_id
from milonga.backends.marks import new_mark, run_name
from milonga.backends.patience import Patience
from milonga.backends.remote_run import RemoteRun
from milonga.backends.remote_schedule import RemoteSchedule
from milonga.backends.required_document import required_document
from milonga.backends.submit_request import SubmitRequest
from milonga.backends.submitted_run import SubmittedRun
from milonga.backends.vertex.answers import MARK_LABEL, mark_of, run_of, run_url, schedule_of
from milonga.backends.vertex.jobs import DISPLAY_NAME_MAX, completed_job, new_job, new_job_id
from milonga.backends.vertex.vertex_connection import VertexConnection
from milonga.backends.vertex.vertex_settings import OPTIONS, VertexSettings
from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.schedules.base import Translation
from milonga.compiler.schedules.vertex import VertexSchedules
from milonga.dsl.schedule import Schedule

T = TypeVar("T")
_NEWEST = {"pageSize": "100", "orderBy": "create_time desc"}


class VertexBackend:
    """Runs pipelines on Vertex AI Pipelines: see `milonga.backends.base` for the contract.

    A run's id is chosen here and sent with the request, so a request that is sent again starts nothing.
    """

    name: ClassVar[str] = "vertex"
    options: ClassVar[tuple[BackendOption, ...]] = OPTIONS

    def __init__(self, settings: VertexSettings, patience: Patience) -> None:
        self.patience = patience
        self._settings = settings
        self._connection = VertexConnection(settings, patience)

    @classmethod
    def configured(cls, settings: Mapping[str, str], patience: Patience) -> VertexBackend:
        """A back end with these settings.

        Raises:
            UsageError: E931 an unknown setting, E932 one that is missing, E933 one that breaks its rule.
        """
        return cls(VertexSettings.resolved(settings), patience)

    def submit(self, graph: Graph, request: SubmitRequest) -> SubmittedRun:
        """Start a job."""
        name = request.name or run_name(graph, DISPLAY_NAME_MAX)
        body = completed_job(new_job(request, name), graph, request, self._settings)
        job_id = new_job_id(graph)

        def make() -> str:
            answer = self._connection.ask("POST", "/pipelineJobs", query={"pipelineJobId": job_id}, body=body)
            return _id_in(answer, self._settings.parent)

        def find() -> str | None:
            try:
                return _id_in(self._connection.ask("GET", f"/pipelineJobs/{job_id}"), self._settings.parent)
            except CallFailed as failure:
                if failure.status == 404:
                    return None
                raise

        made = made_by_name(make, find, self.patience, f"run '{job_id}'")
        return SubmittedRun(made, name, run_url(self._settings, made))

    def argument_findings(self, request: SubmitRequest) -> tuple[Diagnostic, ...]:
        """None: Vertex takes arguments as they are."""
        return ()

    def status(self, run_id: str, *, patience: Patience | None = None) -> RemoteRun:
        """The job as it is now."""
        connection = self._connection.with_patience(patience or self.patience)
        job = _known("run", run_id, lambda: connection.read("GET", f"/pipelineJobs/{run_id}"))
        return run_of(self._settings, run_id, job)

    def cancel(self, run_id: str) -> None:
        """Ask for the end of the job.

        Vertex refuses that for a job that has ended or was asked to end before, which is no error here.
        """
        path = f"/pipelineJobs/{run_id}:cancel"
        try:
            _known("run", run_id, lambda: self._connection.read("POST", path, body={}))
        except CallFailed as failure:
            if failure.status != 400:
                raise
            run = self.status(run_id)
            if not run.ended and run.state != "CANCELLING":
                raise

    def translated(self, graph: Graph, request: SubmitRequest, schedule: Schedule) -> Translation:
        """The schedule without the pipeline, the labels and the settings of its job."""
        arguments = {**request.parameters, **request.artifacts}
        name = request.name or graph.name
        return VertexSchedules().translate(schedule, name=name, graph=graph, arguments=arguments)

    def add_schedule(self, graph: Graph, request: SubmitRequest, schedule: Schedule) -> RemoteSchedule:
        """Make a schedule that creates jobs. They carry a label by which it can be found when the answer is lost."""
        document = required_document(self.translated(graph, request, schedule))
        mark = new_mark()
        marked = replace(request, labels={**request.labels, MARK_LABEL: mark})
        asked = document["createPipelineJobRequest"]
        job = completed_job(asked["pipelineJob"], graph, marked, self._settings)
        body = {
            **document,
            "createPipelineJobRequest": {**asked, "parent": self._settings.parent, "pipelineJob": job},
        }

        def make() -> RemoteSchedule:
            answer = self._connection.ask("POST", "/schedules", body=body)
            _id_in(answer, self._settings.parent)
            return schedule_of(self._settings, answer)

        def find() -> RemoteSchedule | None:
            newest = self._connection.ask("GET", "/schedules", query=_NEWEST).get("schedules", [])
            return next((schedule_of(self._settings, item) for item in newest if mark_of(item) == mark), None)

        return made_once(make, find, self.patience, f"schedule '{document['displayName']}'")

    def schedules(self) -> tuple[RemoteSchedule, ...]:
        """The schedules of the project in the region."""
        query = dict(_NEWEST)
        found: list[RemoteSchedule] = []
        seen: set[str] = set()
        while True:
            page = self._connection.read("GET", "/schedules", query=query)
            found += [schedule_of(self._settings, item) for item in page.get("schedules", [])]
            token = page.get("nextPageToken", "")
            if not token:
                return tuple(found)
            require_new_page(seen, token, self._settings.parent)
            query = {**query, "pageToken": token}

    def pause_schedule(self, schedule_id: str) -> None:
        """Pause a schedule."""
        self._change_schedule("POST", schedule_id, ":pause", {})

    def resume_schedule(self, schedule_id: str, *, catch_up: bool = False) -> None:
        """Resume a schedule."""
        self._change_schedule("POST", schedule_id, ":resume", {"catchUp": catch_up})

    def delete_schedule(self, schedule_id: str) -> None:
        """Delete a schedule."""
        path = f"/schedules/{schedule_id}"
        _known("schedule", schedule_id, lambda: removed(lambda: self._connection.ask("DELETE", path), self.patience))

    def _change_schedule(self, method: str, id: str, verb: str, body: Mapping[str, Any]) -> None:
        path = f"/schedules/{id}{verb}"
        _known("schedule", id, lambda: self._connection.read(method, path, body=body))


def _id_in(answer: Mapping[str, Any], place: str) -> str:
    name = answer.get("name")
    if not isinstance(name, str) or "/" not in name:
        raise strange_answer(place, str(answer), "a resource with a name")
    return name.rpartition("/")[2]


def _known(kind: str, id: str, call: Callable[[], T]) -> T:
    checked_id(kind, id)
    try:
        return call()
    except CallFailed as failure:
        raise absent(kind, id, failure) from None
