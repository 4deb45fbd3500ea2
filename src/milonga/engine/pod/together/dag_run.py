"""One execution of a DAG: each task when those before it have ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from milonga.engine.pod.request import final_status
from milonga.engine.pod.run_names import path_in_run
from milonga.engine.pod.together.journal import State
from milonga.engine.pod.together.loop_run import LoopRun
from milonga.engine.pod.together.plan import Loop, PlannedTask
from milonga.engine.pod.together.pod_run import PodRun, Statuses
from milonga.engine.pod.together.progress import steps_in
from milonga.engine.pod.together.step_run import StepRun
from milonga.engine.recipes.absent import ABSENT
from milonga.errors import MilongaError

Ended = Callable[[State], None]


class DagRun:
    """Runs the tasks of a DAG. Owned by the pod's thread.

    A task runs when all tasks before it have succeeded, or, if it runs anyway, ended. As in Argo and in the local
    engine, a task that has failed stops only those that wait for it.

    Args:
        pod: what all tasks share.
        tasks: the tasks.
        indices: of the iterations around the DAG.
        statuses: of tasks before it.
        ended: called in the end.

    Attributes:
        states: how tasks have ended.
    """

    def __init__(
        self, pod: PodRun, tasks: Sequence[PlannedTask], indices: Sequence[int], statuses: Statuses, ended: Ended
    ) -> None:
        self.states: dict[str, State] = {}
        self._pod = pod
        self._tasks = {task.name: task for task in tasks}
        self._indices = tuple(indices)
        self._statuses: dict[str, Any] = dict(statuses)
        self._ended = ended
        self._left = {task.name: len(task.after) for task in tasks}
        self._followers: dict[str, list[str]] = {}
        for task in tasks:
            for name in task.after:
                self._followers.setdefault(name, []).append(task.name)

    def start(self) -> None:
        """Begin."""
        if not self._tasks:
            self._pod.processes.soon(lambda: self._ended("SUCCEEDED"))
        for name, left in list(self._left.items()):
            if not left:
                self._soon(name)

    def _soon(self, name: str) -> None:
        self._pod.processes.soon(lambda: self._decide(self._tasks[name]))

    def _decide(self, task: PlannedTask) -> None:
        before = {self.states[name] for name in task.after}
        path = path_in_run(task.path, self._indices)
        if not task.runs_anyway:
            if before & {"FAILED", "NOT_RUN"}:
                self._end(task, path, "NOT_RUN")
                return
            if "SKIPPED" in before:
                self._end(task, path, "SKIPPED")
                return
        try:
            self._begin(task, path)
        except MilongaError as error:
            self._end(task, path, "FAILED", str(error))
        except Exception as error:  # noqa: BLE001 - others go on, and what is noted of them is not lost
            self._end(task, path, "FAILED", f"E410: {type(error).__name__}: {error}")

    def _begin(self, task: PlannedTask, path: str) -> None:
        """Ask its condition, and start it.

        Raises:
            MilongaError: the condition, or the list of a loop, cannot be evaluated.
        """
        evaluator = self._pod.evaluator(task, self._indices, self._statuses)
        if task.condition is not None and evaluator.parameter(task.condition) is ABSENT:
            self._end(task, path, "SKIPPED")
        elif task.loop is not None:
            self._start_loop(task, task.loop, path, evaluator.count(task.loop.count))
        else:
            self._start_body(task, path, self._indices, lambda state: self._note(task, state))

    def _start_loop(self, task: PlannedTask, loop: Loop, path: str, count: int) -> None:
        self._pod.progress.expect(count * steps_in(task))
        LoopRun(
            self._pod,
            path,
            self._indices,
            count=count,
            limit=loop.limit,
            start_body=lambda path, indices, ended: self._start_body(task, path, indices, ended),
            ended=lambda state: self._note(task, state),
        ).start()

    def _start_body(self, task: PlannedTask, path: str, indices: Sequence[int], ended: Ended) -> None:
        """Start a task, or one iteration of it."""
        if task.leaf:
            StepRun(self._pod, task, path, indices, self._statuses, ended).start()
            return
        journal = self._pod.journal
        journal.started(path, "group")

        def end(state: State) -> None:
            journal.ended(path, state, kind="group")
            ended(state)

        DagRun(self._pod, task.tasks or (), indices, self._statuses, end).start()

    def _end(self, task: PlannedTask, path: str, state: State, cause: str = "") -> None:
        """A task has ended without having begun."""
        self._pod.journal.ended(path, state, kind="step" if task.leaf else "group", cause=cause)
        if task.loop is None:
            self._pod.progress.ended(steps_in(task))
        self._note(task, state)

    def _note(self, task: PlannedTask, state: State) -> None:
        self.states[task.name] = state
        if task.key:
            self._statuses[task.key] = final_status(task.name, "Succeeded" if state == "SUCCEEDED" else "Failed")
        for name in self._followers.get(task.name, ()):
            self._left[name] -= 1
            if not self._left[name]:
                self._soon(name)
        if len(self.states) == len(self._tasks):
            self._ended("FAILED" if "FAILED" in self.states.values() else "SUCCEEDED")
