"""`replay`: a recorded step once more, from Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.engine.home import Home
from milonga.engine.replay.replayed import Replayed
from milonga.engine.replay.replaying import ReplayRequest, replay_recorded
from milonga.engine.runnable import as_runnable
from milonga.errors import RunError
from milonga.lineage import RunRecord
from milonga.lineage.selection import NEWEST, recorded_runs, run_named, task_named


def replay(
    run: str = NEWEST,
    task: str = "",
    *,
    changes: Mapping[str, Any] | None = None,
    current: object = None,
    debug: bool = False,
    secrets: Mapping[str, Mapping[str, str]] | None = None,
    home: str | Path | None = None,
) -> Replayed:
    """Run one step of an earlier run again, from what it got then. The run and the cache stay as they are.

    Args:
        run: its id, a unique beginning of it, or "last".
        task: its path, or a unique ending; without it the step that the run failed in.
        changes: inputs that get another value; artifacts as paths.
        current: the pipeline as it is now, whose code is to be run: whatever `milonga.run` takes. None takes the code
            that the run had.
        debug: whether it runs in this process, where breakpoints are hit and a failure opens pdb.
        secrets: secret name → key → value.
        home: state folder; by default MILONGA_HOME or `.milonga`.

    Returns:
        What it made, beside what it made then.

    Raises:
        UsageError: no such run, task or input.
        RunError: it cannot be run again, see `replay_recorded`.
    """
    state = Home(Path(home).absolute()) if home else Home.default()
    runnable = as_runnable(current) if current is not None else None
    request = ReplayRequest(
        changes=changes or {},
        current=runnable,
        debug=debug,
        secrets=secrets or {},
        search_path=runnable.search_path if runnable is not None else (),
    )
    with recorded_runs(state.database, run) as store:
        found = run_named(store, run)
        record = task_named(store, found, task or failed_task(found))
        return replay_recorded(store, state, found, record, request)


def failed_task(run: RunRecord) -> str:
    """The path of the step that a run failed in.

    Raises:
        RunError: E455, it did not fail in one.
    """
    task = str(run.error.get("task", ""))
    if not task:
        raise RunError(
            "E455",
            f"run {run.id} did not fail in a step; say which one is to be run again",
            hint=f"milonga show {run.id} lists them",
            kind="user",
        )
    return task
