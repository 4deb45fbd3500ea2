"""Schedules for Vertex AI: the body of `POST .../v1/projects/PROJECT/locations/LOCATION/schedules`.

Field names and meanings: resource `projects.locations.schedules` of the REST reference, and the same message in
googleapis/python-aiplatform at 91cc8ce4f, `aiplatform_v1/types/schedule.py`:

- `cron` takes a zone as a prefix, "TZ=Europe/Madrid 0 6 * * *". There is no interval.
- `maxConcurrentRunCount` (required) limits the requests that are being started, `maxConcurrentActiveRunCount` the runs
  that have not ended. Both are written, since the second is what `Schedule.max_concurrency` says.
- `allowQueueing`: a time over the limit waits instead of being skipped.
- `catchUp` is output only. It is said in the call that resumes a paused schedule (`schedules:resume`).
- `displayName` has at most 128 characters. Whole numbers of 64 bits are text in JSON.
- Not written anywhere: whether a day must match both fields where one begins with a star, and what happens to times
  that the clock skips or shows twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.schedules.base import Translation, dropped, refused, timestamp
from milonga.compiler.schedules.clock_changes import clock_change_findings
from milonga.compiler.schedules.cron_dialect import portable_cron
from milonga.compiler.schedules.interval_cron import interval_cron, phase_findings
from milonga.compiler.schedules.vertex_inputs import ARTIFACT_IDS, vertex_inputs, wrong_artifacts
from milonga.dsl.schedule import Schedule

NAME_MAX = 128
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class VertexSchedules:
    """Writes a Schedule whose `createPipelineJobRequest` holds the arguments alone.

    The caller adds its `parent`, and to its `pipelineJob` the specification, the output folder and its settings; what
    is written here stays as it is.
    """

    name: str = field(default="vertex", init=False)

    def translate(
        self, schedule: Schedule, *, name: str, graph: Graph | None, arguments: Mapping[str, Any]
    ) -> Translation:
        """The Schedule, with `arguments` as inputs of its job; an artifact is given by its id in Vertex's metadata."""
        findings: list[Diagnostic] = []
        shown = schedule.name or name
        if len(shown) > NAME_MAX:
            message = f"vertex: a name has at most {NAME_MAX} characters"
            findings.append(refused(message, got=f"{len(shown)} characters", hint="give the schedule a shorter name"))
        if schedule.catch_up:
            findings.append(
                dropped(
                    "vertex: times missed while a schedule is paused are made up for only when it is resumed so",
                    got="catch_up=True",
                    expected="allowQueueing, for times over max_concurrency",
                    hint="resume it with catchUp: true",
                )
            )
        document = {
            "displayName": shown,
            "cron": _cron(schedule, findings),
            **_bounds(schedule),
            "maxConcurrentRunCount": str(schedule.max_concurrency),
            "maxConcurrentActiveRunCount": str(schedule.max_concurrency),
            "allowQueueing": schedule.catch_up,
            "createPipelineJobRequest": {
                "pipelineJob": {"displayName": shown, "runtimeConfig": _inputs(graph, arguments, findings)}
            },
        }
        return Translation.of(document, findings)


def _cron(schedule: Schedule, findings: list[Diagnostic]) -> str:
    if schedule.cron is not None:
        cron, found = portable_cron(schedule.cron, "vertex", step_is_star=None)
        findings += [*found, *clock_change_findings(schedule, "vertex", documented=False)]
        return f"TZ={schedule.time_zone} {cron}"
    interval_s = schedule.interval_s or 1
    exact = interval_cron(interval_s, schedule.start)
    if exact is None:
        findings.append(
            refused(
                "vertex: it has no intervals, and no cron text is this one",
                got=f"interval_s={interval_s}" + (f", start={timestamp(schedule.start)}" if schedule.start else ""),
                expected="whole minutes that divide an hour, whole hours that divide a day, a day or a week, "
                "from a whole minute",
                hint="choose such an interval, or a cron text",
            )
        )
        return ""
    findings += phase_findings(interval_s, schedule.start, "vertex", exact)
    return f"TZ=UTC {exact}"


def _inputs(graph: Graph | None, arguments: Mapping[str, Any], findings: list[Diagnostic]) -> dict[str, Any]:
    artifacts = graph.root.input_artifacts if graph else {}
    ids = {key: value for key, value in arguments.items() if key in artifacts}
    findings += [
        refused(f"vertex: input '{name}' takes an artifact of its metadata store", got=repr(id), expected=ARTIFACT_IDS)
        for name, id in wrong_artifacts(ids).items()
    ]
    return vertex_inputs({key: value for key, value in arguments.items() if key not in artifacts}, ids)


def _bounds(schedule: Schedule) -> dict[str, str]:
    """The start itself counts here; "after which the first run can be scheduled" leaves that open, so a second less."""
    bounds = {"startTime": schedule.start and schedule.start - _SECOND, "endTime": schedule.end}
    return {key: timestamp(time) for key, time in bounds.items() if time is not None}
