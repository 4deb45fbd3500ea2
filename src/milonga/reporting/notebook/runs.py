"""A run as a notebook shows it: the table that changes while it goes on, and what it has left when it has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from milonga.lineage.records import ArtifactRecord, ArtifactValue, RunRecord, TaskRecord, flattened
from milonga.reporting.markup import clip, escape, short_pairs, table, text, value_code
from milonga.reporting.notebook.artifacts import record_body
from milonga.reporting.notebook.findings import finding_blocks
from milonga.reporting.notebook.inlining import framed
from milonga.reporting.places import Places, local_path
from milonga.reporting.quantities import byte_size, duration
from milonga.reporting.results import own_type
from milonga.reporting.states import badge, count_looks, look_of, look_of_state, wall_seconds
from milonga.reporting.tables import ordered

_ROWS_MAX = 60
_OUTPUTS_MAX = 40
_ARTIFACTS_DRAWN = 8
_COLUMNS = ("Task", "State", "Time", "Outputs")
_URGENCY = {"FAILED": 0, "RUNNING": 1, "PENDING": 1}

Logs = Mapping[str, Sequence[str]]
"""The last lines of the logs of failed tasks, by path."""


def progress_html(
    run: RunRecord, tasks: Sequence[TaskRecord], *, now: float, logs: Logs, notes: Mapping[str, str]
) -> str:
    """The table of a run, as far as it has come.

    Args:
        run: the run.
        tasks: the tasks that have started or ended.
        now: seconds since the epoch, for the times of what is running.
        logs: shown below the tasks that failed.
        notes: shown in place of the outputs, by path.
    """
    return framed(
        _head(run, tasks, now), _table(tasks, now, logs, notes), _ending(run) if run.state != "RUNNING" else ""
    )


def result_html(run: RunRecord, tasks: Sequence[TaskRecord], *, report: Path | None, logs: Logs) -> str:
    """A run that has ended: outputs and what is drawn of them, the tasks folded, and where its page is."""
    ended = run.ended_at or run.created_at
    shown = _listed(tasks)
    folded = f"<details><summary>{_counted(shown)}</summary>{_table(tasks, ended, logs, {})}</details>" if shown else ""
    page = f"<p>{_page(report)}</p>" if report is not None else ""
    return framed(_head(run, tasks, ended), _error(run), _outputs(run), folded, page, _ending(run))


def _head(run: RunRecord, tasks: Sequence[TaskRecord], now: float) -> str:
    look = look_of_state(run.state)
    took = duration((run.ended_at if run.ended_at is not None else now) - run.created_at)
    facts = " · ".join(part for part in (f"{badge(look)} {took}", _counted(_listed(tasks))) if part)
    return (
        f'<div class="head"><span class="muted">run of</span> <b>{text(run.pipeline, 200)}</b> &#160; {facts} &#160; '
        f'<code class="muted">{text(run.id, 100)}</code></div>'
    )


def _listed(tasks: Sequence[TaskRecord]) -> list[TaskRecord]:
    """The steps, and those groups of which no step will ever be seen."""
    return [task for task in tasks if task.kind == "step" or task.state in ("SKIPPED", "NOT_RUN")]


def _counted(tasks: Sequence[TaskRecord]) -> str:
    counts = ", ".join(f"{count} {look.word}" for look, count in count_looks(tasks))
    return f"{len(tasks)} task{'s' if len(tasks) != 1 else ''}: {counts}" if tasks else ""


def _table(tasks: Sequence[TaskRecord], now: float, logs: Logs, notes: Mapping[str, str]) -> str:
    listed = _listed(tasks)
    if not listed:
        return ""
    by_urgency = sorted(listed, key=lambda task: (_URGENCY.get(task.state, 2), -(task.ended_at or 0.0), task.path))
    kept = {task.path for task in by_urgency[:_ROWS_MAX]}
    rows = "".join(_row(task, now, logs, notes) for task in ordered(listed) if task.path in kept)
    note = ""
    if len(kept) < len(listed):
        note = f'<p class="note">{len(kept)} of {len(listed)} tasks: failed ones, those that run, the newest.</p>'
    head = "".join(f'<th class="{"num" if name == "Time" else "text"}">{name}</th>' for name in _COLUMNS)
    body = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="scroll"><table class="tasks">{body}</table></div>{note}'


def _row(task: TaskRecord, now: float, logs: Logs, notes: Mapping[str, str]) -> str:
    look = look_of(task)
    seconds = wall_seconds(task) if task.state != "RUNNING" else max(0.0, now - (task.started_at or now))
    took = "" if seconds is None or task.cached or look.name in ("skipped", "not-run") else duration(seconds)
    attempts = f' <span class="muted">attempt {task.attempts}</span>' if task.attempts > 1 else ""
    note = notes.get(task.path)
    made = f'<span class="muted">{text(note, 300)}</span>' if note else _made(task)
    row = (
        f'<tr><td title="{text(task.path, 600)}"><code>{text(task.path, 90)}</code></td>'
        f'<td>{badge(look)}{attempts}</td><td class="num">{took}</td><td class="made">{made}</td></tr>'
    )
    return row + _failure(task, logs.get(task.path, ())) if task.state == "FAILED" else row


def _made(task: TaskRecord) -> str:
    parts = [escape(clip(short_pairs({name: value}, 40), 80)) for name, value in task.outputs.items()]
    for name, value in task.output_artifacts.items():
        records = flattened(value)
        kind = own_type(records[0]) if records else "artifact"
        parts.append(
            text(f"{name}: {kind}" if not isinstance(value, tuple) else f"{name}: {len(records)} of {kind}", 80)
        )
    more = f" and {len(parts) - 4} more" if len(parts) > 4 else ""
    return ", ".join(parts[:4]) + more


def _failure(task: TaskRecord, log: Sequence[str]) -> str:
    lines = f"<pre>{text(chr(10).join(log), 6000)}</pre>" if log else ""
    return f'<tr><td class="log" colspan="{len(_COLUMNS)}">{finding_blocks([task.error])}{lines}</td></tr>'


def _error(run: RunRecord) -> str:
    if not run.error:
        return ""
    error = dict(run.error)
    if error.get("task"):
        error["where"] = ", ".join(str(error[key]) for key in ("task", "where") if error.get(key))
    if run.state == "CANCELLED":
        error["severity"], error["hint"] = "warning", ""
    return finding_blocks([error])


def _ending(run: RunRecord) -> str:
    """How to go on with a run that has not come to its end."""
    if run.state == "SUCCEEDED":
        return ""
    what = (
        "It was interrupted; what had finished is kept." if run.state == "CANCELLED" else "What had finished is kept."
    )
    how = f"milonga.run(…, resume={run.id!r})"
    return f"<p>{what} Go on where it ended: <code>{text(how)}</code></p>"


def _outputs(run: RunRecord) -> str:
    rows = [[f"<code>{text(name, 200)}</code>", value_code(value, 400)] for name, value in run.outputs.items()]
    rows += [[f"<code>{text(name, 200)}</code>", _kind(value)] for name, value in run.output_artifacts.items()]
    if not rows:
        return ""
    more = f'<p class="note">and {len(rows) - _OUTPUTS_MAX} more</p>' if len(rows) > _OUTPUTS_MAX else ""
    return table(("Output", "Value"), rows[:_OUTPUTS_MAX]) + more + _drawn(run)


def _kind(value: ArtifactValue) -> str:
    records = flattened(value)
    shown = ", ".join(_named(item) for item in records[:3])
    return shown + (f" and {len(records) - 3} more" if len(records) > 3 else "")


def _named(record: ArtifactRecord) -> str:
    """Type, and where the content is if there is any: metrics live in their metadata."""
    kind, path, here = text(own_type(record), 200), local_path(record.uri), Path.cwd()
    if path is None:
        return f"{kind} <code>{text(record.uri, 200)}</code>"
    return (
        f"{kind} {Places(here, here).link(path, path.name)} {byte_size(record.size_bytes)}"
        if record.size_bytes
        else kind
    )


def _drawn(run: RunRecord) -> str:
    """The artifacts that say something by themselves, such as metrics."""
    found = [(name, item) for name, value in run.output_artifacts.items() for item in flattened(value)]
    telling = [(name, item) for name, item in found if item.type.endswith(("Metrics", "Markdown", "HTML"))]
    return "".join(f"<h4>{text(name, 200)}</h4>{record_body(item)}" for name, item in telling[:_ARTIFACTS_DRAWN])


def _page(report: Path) -> str:
    """A link where the notebook's server can follow it: below the folder that it works in; else the path."""
    here = Path.cwd()
    if report.is_relative_to(here):
        return f"Report: {Places(here, here).link(report, report.name)}"
    return f"Report: <code>{text(str(report), 400)}</code>"
