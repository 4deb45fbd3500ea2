"""What a pod with several tasks does."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from milonga.engine.pod.pod_folders import PodFolders
from milonga.engine.pod.probe import probed, write_control
from milonga.engine.pod.recipe import Recipes
from milonga.engine.pod.request import PodRequest, final_status
from milonga.engine.pod.together.dag_run import DagRun
from milonga.engine.pod.together.journal import Journal, State
from milonga.engine.pod.together.plan import PlannedTask
from milonga.engine.pod.together.pod_run import PodRun
from milonga.engine.pod.together.processes import Processes, cores
from milonga.engine.pod.together.progress import VARIABLE, Progress, steps_in
from milonga.engine.pod.together.store_tree import StoreTree
from milonga.errors import TaskFailed
from milonga.runtime.argo.layout import TREE, journal_key

_JOBS_MIN = 2
"""Attempts at the same time at least: one may wait for something that is not computed here."""


def work_together(request: PodRequest, recipes: Recipes, folders: PodFolders) -> None:
    """Run a part of the pipeline; results of its tasks are stored as those of pods of their own are.

    Raises:
        TaskFailed: E416, a task has failed; what others have made is stored all the same.
        RunError: E430-E436, a value that Argo needs cannot be had.
    """
    plan = recipes.plan(request.leaf)
    keys = dict(zip(plan.keyed, request.keys, strict=True))
    tree = StoreTree(folders.outputs / TREE, request.uid, keys)
    journal = Journal(tree.of_run / journal_key(plan.leaf, request.indices))
    progress = Progress(Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)

    def each_turn() -> None:
        journal.keep()
        progress.tell()

    processes = Processes(max(cores(), _JOBS_MIN), plan.capacity, each_turn)
    inside = frozenset(_leaves(plan.tasks))
    pod = PodRun(plan, recipes, request, folders, journal, progress, tree, processes, inside)
    ends: list[State] = []
    phases = zip(plan.statuses, request.phases, strict=True)
    statuses = {key: final_status(task, phase) for (key, task), phase in phases}
    dag = DagRun(pod, plan.tasks, request.indices, statuses, ends.append)
    signal.signal(signal.SIGTERM, lambda *_: processes.stop())
    progress.expect(sum(steps_in(task) for task in plan.tasks if task.loop is None))
    dag.start()
    processes.run()
    if processes.is_stopped:
        journal.cancel()
    journal.write()
    progress.write()
    if processes.is_stopped:
        raise SystemExit(128 + signal.SIGTERM)
    if ends != ["SUCCEEDED"]:
        raise TaskFailed("E416", journal.first_failure() or "a task has failed")
    write_control(folders.outputs, {name: _value(pod, dag, wanted) for name, wanted in plan.control.items()})


def _value(pod: PodRun, dag: DagRun, wanted: Mapping[str, Any]) -> Any:
    if "state" in wanted:
        return dag.states[wanted["state"]]
    # nobody asks for the name of a task here
    return probed(pod.evaluator(PlannedTask("", ""), pod.request.indices, {}), wanted)


def _leaves(tasks: tuple[PlannedTask, ...]) -> Iterator[str]:
    for task in tasks:
        if task.leaf:
            yield task.leaf
        yield from _leaves(task.tasks or ())
