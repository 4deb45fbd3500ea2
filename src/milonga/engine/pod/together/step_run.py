"""One step in one iteration: its attempts, until one succeeds or there may be no more."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from milonga.engine.pod.together.attempt_process import AttemptProcess
from milonga.engine.pod.together.journal import State
from milonga.engine.pod.together.member_objects import member_folder
from milonga.engine.pod.together.plan import PlannedTask
from milonga.engine.pod.together.pod_run import PodRun, Statuses
from milonga.engine.pod.together.processes import Wanted
from milonga.runtime.task import write_atomically

Ended = Callable[[State], None]


class StepRun:
    """Runs a step. Owned by the pod's thread.

    Args:
        pod: what all tasks share.
        task: the step.
        path: its path in the run.
        indices: of the iterations around it.
        statuses: of tasks before it.
        ended: called in the end.
    """

    def __init__(
        self, pod: PodRun, task: PlannedTask, path: str, indices: Sequence[int], statuses: Statuses, ended: Ended
    ) -> None:
        self._pod = pod
        self._task = task
        self._path = path
        self._indices = tuple(indices)
        self._statuses = statuses
        self._ended = ended
        self._count = 0

    def start(self) -> None:
        """Begin."""
        self._pod.journal.started(self._path, "step")
        self._next()

    def _next(self) -> None:
        self._count += 1
        self._pod.processes.want(Wanted(self._process, self._over, self._task.needs))

    def _process(self) -> AttemptProcess:
        mark = f"[{self._path}] " if self._count == 1 else f"[{self._path} #{self._count}] "
        return AttemptProcess(self._work, mark, self._task.timeout_s)

    def _work(self) -> int:
        """What the fork does."""
        from milonga.engine.pod.main import told

        self._take_own_folder()
        attempt = self._pod.attempt(self._task.leaf, self._indices, self._statuses, self._own / "inputs")
        try:
            notes = {"cause": told(lambda: self._made(attempt.run()))}
        finally:
            attempt.close()
        if notes["cause"]:
            write_atomically(self._notes, json.dumps(notes))
        return 1 if notes["cause"] else 0

    def _take_own_folder(self) -> None:
        """Temporary files of one task are no business of another, though they share a disk."""
        folder = self._own / "tmp"
        folder.mkdir(parents=True)
        os.environ["TMPDIR"] = str(folder)
        tempfile.tempdir = None  # it was looked up before the fork

    def _made(self, record: Mapping[str, Any]) -> None:
        keeps = record["run"] == self._pod.request.uid
        self._pod.tree.add(self._pod.made, self._task.leaf, self._task.stored, self._indices, keeps=keeps)
        write_atomically(self._notes, json.dumps({"cached": not keeps}))

    @property
    def _own(self) -> Path:
        """The folder of this attempt; it goes when that is over."""
        folder = member_folder(self._pod.folders.scratch / "attempts", self._task.leaf, self._indices)
        return folder / str(self._count)

    @property
    def _notes(self) -> Path:
        return self._own / "notes.json"

    def _over(self, process: AttemptProcess) -> None:
        notes: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            notes = json.loads(self._notes.read_bytes())
        shutil.rmtree(self._own, ignore_errors=True)
        is_complete = "cached" in notes or not self._pod.recipes.recipe(self._task.leaf).has_outputs
        has_succeeded = process.exit_code == 0 and is_complete
        cause = "" if has_succeeded else self._cause(process, notes.get("cause", ""))
        self._pod.journal.attempted(
            self._path,
            {
                "state": "SUCCEEDED" if has_succeeded else "FAILED",
                "started_at": round(process.started_at, 3),
                "ended_at": round(time.time(), 3),
                "exit": process.exit_code,
                "cpu_s": process.cpu_s,
                "memory_bytes": process.memory_bytes,
                **({"cause": cause} if cause else {}),
                **({"cached": True} if notes.get("cached") else {}),
            },
        )
        if has_succeeded:
            self._end("SUCCEEDED")
            return
        self._pod.tree.forget(self._task.leaf, self._task.stored, self._indices)
        shutil.rmtree(member_folder(self._pod.made, self._task.leaf, self._indices), ignore_errors=True)
        if self._count <= self._task.retry.limit:
            self._pod.processes.later(self._task.retry.pause_before(self._count), self._next)
        else:
            self._end("FAILED", cause)

    def _end(self, state: State, cause: str = "") -> None:
        self._pod.journal.ended(self._path, state, kind="step", cause=cause)
        self._pod.progress.ended()
        self._ended(state)

    def _cause(self, process: AttemptProcess, told: str) -> str:
        if process.is_timed_out:
            return f"E419: timed out after {self._task.timeout_s:g} s"
        if told:
            return told
        code = process.exit_code or 0
        if code == -signal.SIGKILL:
            return "E415: the process was killed, most likely because the pod's memory was used up"
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"E416: the process ended with {how} without a result"
