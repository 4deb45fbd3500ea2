"""Runs of a back end on a terminal: lists, one run, one task."""

from __future__ import annotations

import time

from milonga.backends.described_run import DescribedRun
from milonga.backends.described_task import DescribedTask
from milonga.backends.run_summary import RunSummary
from milonga.cli.output import message, printable
from milonga.cli.quantities import instant, seconds
from milonga.cli.shown_run import shown_value
from milonga.cli.table import lines_of

_WHY_CHARACTERS = 100


def print_runs(runs: tuple[RunSummary, ...]) -> None:
    """One line a run."""
    head = ("RUN", "STARTED", "STATE", "TASKS", "TOOK", "PIPELINE", "ERROR")
    rows = [
        (
            run.run_id,
            instant(run.created_at),
            run.state,
            run.progress,
            seconds(_took(run)),
            run.pipeline,
            _first_line(run.error, 60),
        )
        for run in runs
    ]
    for line in lines_of(head, rows, right=("TASKS", "TOOK"), is_titled=False):
        print(line)


def print_run(run: DescribedRun) -> None:
    """One line about the run, one a task, then why it failed."""
    summary = run.summary
    parts = [
        summary.run_id,
        summary.pipeline,
        summary.state,
        seconds(_took(summary)),
        f"started {instant(summary.created_at)}",
        f"in {run.place}",
    ]
    print("  ".join(printable(part) for part in parts if part))
    for name, value in run.arguments.items():
        print(f"  {printable(name)} = {shown_value(value)}")
    head = ("TASK", "STATE", "WALL", "ATTEMPTS", "", "WHY")
    rows = [_row(task) for task in run.tasks]
    for line in lines_of(head, rows, right=("WALL", "ATTEMPTS")):
        print(line)
    for task in run.tasks:
        if task.state in ("PENDING", "RUNNING") and _is_cut(_why(task)):
            message(f"{task.path}: {_why(task)}")
    if summary.error:
        message(f"error: {summary.error}")
    if summary.url:
        message(summary.url)


def print_task(run: DescribedRun, task: DescribedTask) -> None:
    """Everything that is known of one task."""
    print("  ".join([printable(task.path), task.state, f"run {run.summary.run_id}", f"of {run.summary.pipeline}"]))
    facts = [
        ("started", instant(task.started_at)),
        ("wall", seconds(task.wall_s)),
        ("progress", _progress(task)),
        ("iterations", "" if task.iterations is None else str(task.iterations)),
        ("result", f"of run {task.result_of}, used again" if task.result_of else ""),
    ]
    for name, text in facts:
        if text:
            print(f"  {name:<10} {printable(text)}")
    head = ("ATTEMPT", "STATE", "STARTED", "WALL", "EXIT", "POD", "WHY")
    rows = [
        (
            str(attempt.attempt),
            attempt.state,
            instant(attempt.started_at),
            seconds(attempt.ended_at - attempt.started_at) if attempt.ended_at and attempt.started_at else "",
            "" if attempt.exit_code is None else str(attempt.exit_code),
            attempt.pod,
            _first_line(attempt.message, _WHY_CHARACTERS),
        )
        for attempt in task.attempts
    ]
    for line in lines_of(head, rows, right=("WALL", "EXIT")):
        print(line)
    for text in (task.message, *task.reasons):
        if text:
            print(printable(text, kept="\n"))


def _row(task: DescribedTask) -> tuple[str, ...]:
    return (
        task.path,
        task.state,
        seconds(task.wall_s),
        str(len(task.attempts)) if task.attempts else "",
        "; ".join(filter(None, (_iterations(task), _pod(task), _progress(task), "reused" if task.result_of else ""))),
        _first_line(_why(task), _WHY_CHARACTERS),
    )


def _why(task: DescribedTask) -> str:
    return task.message or next(iter(task.reasons), "")


def _is_cut(text: str) -> bool:
    return _first_line(text, _WHY_CHARACTERS) != text


def _iterations(task: DescribedTask) -> str:
    return f"{task.iterations} iterations" if task.iterations is not None else ""


def _pod(task: DescribedTask) -> str:
    return f"shares pod {task.together}" if task.together else ""


def _progress(task: DescribedTask) -> str:
    return f"{task.progress} steps" if task.progress else ""


def _took(run: RunSummary) -> float | None:
    if run.created_at is None:
        return None
    return max((run.ended_at or time.time()) - run.created_at, 0.0)


def _first_line(text: str, characters: int) -> str:
    first = text.partition("\n")[0]
    return first if len(first) <= characters else f"{first[: characters - 1]}…"
