"""Schedules for Argo Workflows 3.7 to 4.1: a `CronWorkflow` that starts the pipeline's `WorkflowTemplate`.

Read in argoproj/argo-workflows at f016ad89eb, seen on a real 3.7.18, checked against the CRDs of 3.7, 4.0 and 4.1:

- `workflow/validate/validate.go`: the name of a CronWorkflow has at most 52 characters, those of other objects 63. A
  server accepts a longer name, a sixth field and an unknown zone, and such a schedule never fires.
- `schedules` is a list since 3.6; the singular `schedule` is gone in 4.0. The zone is `timezone`, never a `TZ=` prefix.
- `workflow/cron/operator.go`: before each run `stopStrategy` is asked (true stops the schedule for good), then `when`
  (false skips the run), then `concurrencyPolicy`: Forbid skips while one run goes on, Allow has no limit.
- `startingDeadlineSeconds`: how late the newest missed time is still started; older ones are lost.
- `workflow/cron/controller.go`: a job is removed and added again whenever its object changes or the controller starts,
  and `@every` counts from then. So an interval is a cron text in UTC wherever one has the same times.
- `workflow.parameters` are text, and a brace pair in it is a template: values are ASCII JSON with braces and dollars
  escaped, which every step of a compiled pipeline reads as JSON.

Names of objects and parameters are those of the target `argo`, which writes the WorkflowTemplate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import Graph
from milonga.compiler.schedules.base import Translation, changed, dropped, input_artifacts, refused, timestamp
from milonga.compiler.schedules.clock_changes import clock_change_findings
from milonga.compiler.schedules.cron_dialect import portable_cron
from milonga.compiler.schedules.interval_cron import interval_cron, phase_findings
from milonga.dsl.schedule import Schedule
from milonga.runtime.argo.text import escaped_json

CRON_NAME_MAX = 52
LATE_S = 3600
"""How late a missed time may still start."""


@dataclass(frozen=True, slots=True)
class ArgoSchedules:
    """Writes a CronWorkflow; the WorkflowTemplate of the pipeline's name is compiled and applied on its own."""

    name: str = field(default="argo", init=False)

    def translate(
        self, schedule: Schedule, *, name: str, graph: Graph | None, arguments: Mapping[str, Any]
    ) -> Translation:
        """The CronWorkflow, with `arguments` as its workflow parameters."""
        findings = input_artifacts("argo", graph, arguments)
        if schedule.catch_up:
            findings.append(
                dropped(
                    "argo: of the missed times only the newest is made up for",
                    got="catch_up=True",
                    expected=f"startingDeadlineSeconds: {LATE_S}",
                    hint="run the missed times by hand, with a backfill Workflow",
                )
            )
        if schedule.max_concurrency > 1:
            findings.append(
                dropped(
                    "argo: a CronWorkflow allows one run at the same time, or any number of them",
                    got=f"max_concurrency={schedule.max_concurrency}",
                    expected="concurrencyPolicy: Allow, without a limit",
                    hint="max_concurrency=1, or a semaphore in the pipeline's WorkflowTemplate",
                )
            )
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "CronWorkflow",
            "metadata": {"name": _cron_name(schedule.name or name, findings)},
            "spec": {
                **_trigger(schedule, findings),
                **_bounds(schedule),
                "concurrencyPolicy": "Forbid" if schedule.max_concurrency == 1 else "Allow",
                "startingDeadlineSeconds": LATE_S,
                "suspend": False,
                "workflowSpec": {
                    "workflowTemplateRef": {"name": _template_name(name, findings)},
                    **_arguments(arguments, graph, findings),
                },
            },
        }
        return Translation.of(document, findings)


def _trigger(schedule: Schedule, findings: list[Diagnostic]) -> dict[str, Any]:
    if schedule.cron is not None:
        cron, found = portable_cron(schedule.cron, "argo", step_is_star=False)
        findings += [*found, *clock_change_findings(schedule, "argo", documented=True)]
        return {"schedules": [cron], "timezone": schedule.time_zone}
    interval_s = schedule.interval_s or 1
    exact = interval_cron(interval_s, schedule.start)
    if exact is not None:
        findings += phase_findings(interval_s, schedule.start, "argo", exact)
        return {"schedules": [exact], "timezone": "UTC"}
    start = f", start={timestamp(schedule.start)}" if schedule.start else ""
    findings.append(
        changed(
            "argo: it counts this interval from when the schedule is applied, and anew when its controller restarts",
            got=f"interval_s={interval_s}{start}",
            expected=f"@every {interval_s}s",
            hint="whole minutes that divide an hour, and whole hours that divide a day, keep their times",
        )
    )
    return {"schedules": [f"@every {interval_s}s"], "timezone": "UTC"}


def _bounds(schedule: Schedule) -> dict[str, Any]:
    """Both are asked a moment after the scheduled time, so that the end's own minute must still be in."""
    bounds: dict[str, Any] = {}
    if schedule.start is not None:
        bounds["when"] = f"{{{{= now() >= date('{timestamp(schedule.start)}') }}}}"
    if schedule.end is not None:
        # A cron time is a whole minute, asked a moment later; an interval has its own seconds.
        last = schedule.end.replace(second=0) + timedelta(seconds=59) if schedule.cron else schedule.end
        bounds["stopStrategy"] = {"expression": f"now() > date('{timestamp(last)}')"}
    return bounds


def _arguments(arguments: Mapping[str, Any], graph: Graph | None, findings: list[Diagnostic]) -> dict[str, Any]:
    if not arguments:
        return {}
    from milonga.compiler.targets.argo.names import PARAMETER, workflow_parameters

    names = workflow_parameters(graph.root) if graph is not None else {}
    findings += [
        refused("argo: this cannot be the name of a parameter", got=key[:80], expected="A-Z, a-z, 0-9, - and _")
        for key in sorted(arguments)
        if key not in names and not PARAMETER.fullmatch(key)
    ]
    made = [{"name": names.get(key, key), "value": escaped_json(arguments[key])} for key in sorted(arguments)]
    return {"arguments": {"parameters": made}}


def _template_name(pipeline: str, findings: list[Diagnostic]) -> str:
    from milonga.compiler.targets.argo.names import object_name

    return _told("WorkflowTemplate", pipeline, object_name(pipeline), findings)


def _cron_name(wanted: str, findings: list[Diagnostic]) -> str:
    """A name that Kubernetes takes; unlike that of a template, it may begin with a digit."""
    from milonga.compiler.targets.argo.names import object_name

    plain = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")
    made = plain if wanted.isascii() and 0 < len(plain) <= CRON_NAME_MAX else object_name(wanted)
    return _told("CronWorkflow", wanted, made, findings)


def _told(kind: str, wanted: str, made: str, findings: list[Diagnostic]) -> str:
    """`made`, with a finding where it is not what was wanted."""
    if made != wanted:
        shown = wanted if len(wanted) <= 80 else wanted[:77] + "..."
        findings.append(changed(f"argo: the {kind} has another name", got=shown, expected=made))
    return made
