"""Schedules for Kubeflow Pipelines 2: the body of `POST /apis/v2beta1/recurringruns`.

Field names are those of the API's swagger (2.17, definition `v2beta1RecurringRun`). What the server does with them was
read in kubeflow/pipelines at 7b70c7b95f, under `backend/src`:

- `apiserver/server/api_converter.go`: `max_concurrency` is 1 to 10. The cron text goes through `cron.Parse` of
  robfig/cron v1.2.0, which wants six fields, the seconds first. It accepts five as well, and they mean other times:
  "0 6 * * *" is minute 6 of every hour. So six are always written.
- `crd/controller/scheduledworkflow/util/const.go` and `apiserver/config/config.json`: one clock for all schedules,
  `CRON_SCHEDULE_TIMEZONE` of the scheduled-workflow controller, UTC unless set.
- `util/cron_schedule.go`: the first time is *later than* `start_time`; `end_time` itself still counts.
- `util/periodic_schedule.go`: the first time is one interval after `start_time`. With `no_catchup`, when two times were
  missed, it starts at once and counts from there on.
- `util/scheduled_workflow.go`: a time at which `max_concurrency` runs go on waits for one of them to end.
- `util/cron_schedule.go`, `util/periodic_schedule.go`: until a run was made, `start_time` stands for the last one. So a
  `start_time` that has passed starts a run at once, and with catch-up all runs since then. This module asks no clock:
  the back end moves a start that has passed before it translates (`milonga.backends.kfp.past_start`).
- `common/util/parameter_formatter.go`: see `kfp_macros`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.schedules.base import Translation, changed, input_artifacts, refused, timestamp
from milonga.compiler.schedules.clock_changes import clock_change_findings
from milonga.compiler.schedules.cron_dialect import portable_cron
from milonga.compiler.schedules.kfp_macros import replaced_text
from milonga.dsl.schedule import Schedule
from milonga.dsl.time_zones import is_time_zone, unknown_zone

CONCURRENCY_MAX = 10
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class KfpSchedules:
    """Writes a RecurringRun without its pipeline: the caller adds `pipeline_version_reference` or `pipeline_spec`.

    Attributes:
        server_time_zone: what `CRON_SCHEDULE_TIMEZONE` of the server's scheduled-workflow controller says.
    """

    name: str = field(default="kfp", init=False)
    server_time_zone: str = "UTC"

    def __post_init__(self) -> None:
        """Raise UsageError E920 for a clock that does not exist."""
        if not is_time_zone(self.server_time_zone):
            raise unknown_zone("the time zone of the KFP server", self.server_time_zone)

    def translate(
        self, schedule: Schedule, *, name: str, graph: Graph | None, arguments: Mapping[str, Any]
    ) -> Translation:
        """The RecurringRun, with `arguments` as its runtime parameters."""
        findings = input_artifacts("kfp", graph, arguments)
        if schedule.max_concurrency > CONCURRENCY_MAX:
            message = f"kfp: at most {CONCURRENCY_MAX} runs at the same time"
            findings.append(refused(message, got=f"max_concurrency={schedule.max_concurrency}"))
        findings += replaced_text(arguments, is_scheduled=True)
        trigger = _periodic(schedule, findings) if schedule.cron is None else self._cron(schedule, findings)
        document = {
            "display_name": schedule.name or name,
            "trigger": trigger,
            "max_concurrency": str(schedule.max_concurrency),
            "no_catchup": not schedule.catch_up,
            "mode": "ENABLE",
            "runtime_config": {"parameters": dict(arguments)},
        }
        return Translation.of(document, findings)

    def _cron(self, schedule: Schedule, findings: list[Diagnostic]) -> dict[str, Any]:
        if _plain(schedule.time_zone) != _plain(self.server_time_zone):
            findings.append(
                refused(
                    "kfp: a time zone cannot be expressed per schedule, all run on the clock of the server",
                    got=f"time_zone={schedule.time_zone!r}",
                    expected=f"{self.server_time_zone}, the server's clock",
                    hint=f"write the hours in {self.server_time_zone}, or set CRON_SCHEDULE_TIMEZONE of the deployment "
                    f"ml-pipeline-scheduledworkflow to {schedule.time_zone} and say so (--kfp-time-zone)",
                )
            )
        else:
            findings += clock_change_findings(schedule, "kfp", documented=True)
        cron, found = portable_cron(schedule.cron or "", "kfp", step_is_star=True)
        findings += found
        start = schedule.start and schedule.start - _SECOND  # itself counts here, and not there
        return {"cron_schedule": {"cron": f"0 {cron}", **_bounds(start, schedule.end)}}


def _periodic(schedule: Schedule, findings: list[Diagnostic]) -> dict[str, Any]:
    interval_s = schedule.interval_s or 1
    start = schedule.start
    if start is not None:
        start -= timedelta(seconds=interval_s)
        if not schedule.catch_up:
            findings.append(
                changed(
                    "kfp: after missed times it counts the interval from the late run, not from the start",
                    got=f"start={timestamp(schedule.start or start)}",
                    hint="catch_up=True keeps the times; so does a cron text",
                )
            )
    return {"periodic_schedule": {"interval_second": str(interval_s), **_bounds(start, schedule.end)}}


def _bounds(start: datetime | None, end: datetime | None) -> dict[str, str]:
    bounds = {"start_time": start, "end_time": end}
    return {key: timestamp(time) for key, time in bounds.items() if time is not None}


def _plain(zone: str) -> str:
    """The names of UTC as one."""
    return "UTC" if zone.removeprefix("Etc/") in ("UTC", "UCT", "Zulu", "Universal", "GMT", "Greenwich") else zone
