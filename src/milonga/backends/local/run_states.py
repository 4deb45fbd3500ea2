"""Runs of this machine in the words that all back ends share."""

from __future__ import annotations

from collections.abc import Mapping

from milonga.backends.remote_run import RemoteRun
from milonga.backends.remote_state import RemoteState, state_from
from milonga.backends.remote_task import RemoteTask
from milonga.engine.home import Home
from milonga.lineage import LineageStore, RunRecord, TaskRecord

_STATES: Mapping[str, RemoteState] = {
    "PENDING": "PENDING",
    "RUNNING": "RUNNING",
    "SUCCEEDED": "SUCCEEDED",
    "FAILED": "FAILED",
    "SKIPPED": "SKIPPED",
    "NOT_RUN": "NOT_RUN",
    "CANCELLED": "CANCELLED",
}


def run_as_it_is(home: Home, run_id: str, *, is_going: bool) -> RemoteRun | None:
    """A run as the lineage store has it; None when it has no such run.

    Args:
        home: the state folder.
        run_id: the run.
        is_going: whether a process works on it: one that is RUNNING and has none was interrupted, and goes on only
            when it is resumed.
    """
    if not home.database.exists():
        return None
    store = LineageStore(home.database)
    try:
        run = store.run(run_id)
        if run is None or run.id != run_id:
            return None
        tasks = store.tasks(run.id)
    finally:
        store.close()
    state = state_from(_STATES, run.state)
    if state == "RUNNING" and not is_going:
        error = f"its process has ended; milonga run --resume {run.id} goes on with it"
        return RemoteRun(run.id, "FAILED", tuple(map(_task, tasks)), error)
    return RemoteRun(run.id, state, tuple(map(_task, tasks)), _error(run.error), _page(home, run))


def _page(home: Home, run: RunRecord) -> str:
    page = home.run(run.id) / "report.html"
    return page.as_uri() if page.is_file() else ""


def _task(task: TaskRecord) -> RemoteTask:
    return RemoteTask(task.path, task.path, state_from(_STATES, task.state), _error(task.error))


def _error(error: Mapping[str, object]) -> str:
    return ": ".join(str(error[key]) for key in ("code", "message") if error.get(key))
