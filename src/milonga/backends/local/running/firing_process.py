"""The process of one firing: runs the pipeline, or goes on with its run, and writes down how it ended.

It is started with a lock in its hand (`milonga.backends.local.running.launcher`) that goes with it, however it ends.
Whatever moment it is killed at, the next process of the same firing finds what there is: no run, a run that was not
noted yet, or a run that can be resumed.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from milonga.backends.local.clock import SystemClock
from milonga.backends.local.local_settings import read_secrets
from milonga.backends.local.places import Places
from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.records.firing import Firing, FiringState
from milonga.backends.local.records.firing_table import FiringTable
from milonga.backends.local.records.moments import shown
from milonga.backends.local.records.schedule_table import ScheduleTable
from milonga.compiler.documents import load_graph
from milonga.engine.home import Home
from milonga.engine.progress.lines import LineProgress
from milonga.engine.settings import RunSettings
from milonga.errors import MilongaError, RunError
from milonga.lineage import LineageStore, RunRecord


class _NotingProgress(LineProgress):
    """Plain lines for the log; the run's id is noted before its first step."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__()
        self._note = note

    def run_started(self, run: RunRecord, folder: Path) -> None:
        self._note(run.id)
        super().run_started(run, folder)


def run_firing(home: Home, number: int) -> FiringState | None:
    """Bring a firing to its end; its final state, or None when it has none yet, or had it before.

    A run of a schedule that was ended by anything but a call for its end is left open: the machine is shut down, and
    the next scheduler goes on with it.
    """
    with ScheduleDatabase(Places(home).database) as database:
        firings = FiringTable(database)
        firing = firings.numbered(number)
        if firing is None or firing.has_ended:
            return None
        state, error = _outcome(home, database, firing)
        with database.transaction():
            present = firings.numbered(number)
            is_asked = present is None or present.is_cancelled or present.schedule is None
            if state == "CANCELLED" and not is_asked:
                firings.let_go(number)
                return None
            firings.end(number, state, error, SystemClock().now())
        return state


def _outcome(home: Home, database: ScheduleDatabase, firing: Firing) -> tuple[FiringState, Mapping[str, Any]]:
    try:
        run = _ended_run(home, database, firing)
    except KeyboardInterrupt:
        return "CANCELLED", {}
    except MilongaError as error:
        return "FAILED", error.to_json()
    except Exception:  # noqa: BLE001 - nobody above could tell; the log has it all
        traceback.print_exc()
        place = str(Places(home).log(firing.number))
        return "FAILED", RunError("E470", "an error inside milonga ended the run", where=place, kind="system").to_json()
    if run.state == "SUCCEEDED":
        return "SUCCEEDED", {}
    return ("CANCELLED" if run.state == "CANCELLED" else "FAILED"), run.error


def _ended_run(home: Home, database: ScheduleDatabase, firing: Firing) -> RunRecord:
    """The run of a firing when it has ended: a new one, or the one that an earlier process of the firing has begun."""
    from milonga.engine.api import resume_run, start_run
    from milonga.engine.runnable import Runnable

    def note(run_id: str) -> None:
        with database.transaction():
            FiringTable(database).begun(firing.number, run_id)

    begun = _begun_run(home, firing)
    if begun is not None and begun.state in ("SUCCEEDED", "FAILED"):
        note(begun.id)
        return begun
    work = firing.work
    settings = RunSettings(
        home=home, use_cache=work.use_cache, secrets=read_secrets(work.secrets), scheduled_for=shown(firing.due)
    )
    if begun is not None:
        return resume_run(None, begun.id, None, settings, _NotingProgress(note)).run
    text = ScheduleTable(database).pipeline_text(work.pipeline)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pipeline.yaml")
        path.write_text(text, "utf-8")
        graph = load_graph(path)
    return start_run(Runnable(graph, source=firing.source), work.arguments, settings, _NotingProgress(note)).run


def _begun_run(home: Home, firing: Firing) -> RunRecord | None:
    """The run that an earlier process has begun. It may have died before it noted which one that is."""
    if (firing.launches <= 1 and not firing.run_id) or not home.database.exists():
        return None
    store = LineageStore(home.database)
    try:
        if firing.run_id:
            return store.run(firing.run_id)
        return store.run_from(firing.source)
    finally:
        store.close()


def main(arguments: list[str]) -> None:
    """The process. Takes the state folder, the firing's number and the descriptor of its lock."""
    root, number, lock = arguments
    os.set_inheritable(int(lock), False)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started us with it ignored
    home = Home(Path(root))
    with ScheduleDatabase(Places(home).database) as database:
        firing = FiringTable(database).numbered(int(number))
    if firing is not None and Path(firing.work.folder).is_dir():
        os.chdir(firing.work.folder)
    run_firing(home, int(number))


if __name__ == "__main__":
    main(sys.argv[1:])
