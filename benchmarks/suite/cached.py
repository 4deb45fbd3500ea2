"""What running again costs when nothing has changed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import PeerMissing
from benchmarks.figures import Bar, Figure, ratio
from benchmarks.measurement import Case, CaseFailed, Runs, run_case

BAR = Bar(0.3)
TASKS = 1000
REPEATS = 5


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer that keeps results: the run that fills its cache, and the one that finds everything there."""

    name: str
    fill: Case
    again: Case
    note: str = "trace and run"


def cached(*, quick: bool = False) -> list[Figure]:
    """Fill the cache once, then run again in fresh processes."""
    settings = {"tasks": TASKS, "cache": True}
    ours = _again(
        Case("milonga", "milonga_run", {**settings, "mode": "in-process"}),
        Case("milonga", "milonga_run", {**settings, "warm": True}),
        REPEATS,
    )
    if not ours.failure and any(sample.output["cached"] != TASKS for sample in ours.samples):
        ours.failure = "not every step came from the cache"
    what = f"{TASKS} cached tasks again"
    how = ours.failure or "trace, run, report; the second run in a process"
    figures = [
        Figure(what, "milonga", ours.reported("cpu_s"), "CPU s", BAR, how),
        Figure(what, "milonga", ours.fastest("wall_s"), "s (wall)", BAR, ours.failure or f"fastest of {REPEATS}"),
        Figure(what, "milonga", ours.median(), "CPU s", note=ours.failure or "the whole process, its start included"),
        _per_task("milonga", ours, TASKS, "trace, run, report"),
    ]
    for peer in _peers(20 if quick else 100):
        found = _again(peer.fill, peer.again, 1 if quick else 3)
        figures.append(_per_task(peer.name, found, int(peer.again.settings["tasks"]), peer.note))
    note = "keeps no results of ops; assets are materialised again by hand"
    return [*figures, Figure("a cached task", "Dagster", None, "CPU ms/task", note=note)]


def _peers(tasks: int) -> tuple[Peer, ...]:
    plain = {
        tool: Case(tool, f"{tool}_run", {"tasks": tasks, "cache": True}) for tool in ("kfp", "flytekit", "prefect")
    }
    few = {"tasks": 20}  # Metaflow fills its store at half a CPU second a task
    return (
        Peer("kfp.local", plain["kfp"], plain["kfp"]),
        Peer("flytekit", plain["flytekit"], plain["flytekit"]),
        Peer("Prefect", plain["prefect"], plain["prefect"], "persisted results, key of the inputs; its server counted"),
        Peer(
            "Metaflow",
            Case("metaflow", "metaflow_run", few),
            Case("metaflow", "metaflow_run", {**few, "again": True}),
            "resume of the last step, the whole command; the last step runs",
        ),
    )


def _per_task(name: str, found: Runs, tasks: int, note: str) -> Figure:
    value = ratio(found.reported("cpu_s"), tasks / 1000)
    return Figure("a cached task", name, value, "CPU ms/task", note=found.failure or f"of {tasks}; {note}")


def _again(fill: Case, again: Case, repeats: int) -> Runs:
    found = Runs()
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        try:
            run_case(fill, Path(home))
            found.samples = [run_case(again, Path(home)) for _ in range(repeats)]
        except (CaseFailed, PeerMissing) as error:
            found.failure = str(error)
    return found
