"""The faults of one run at work: what they are put between, and what they have hit."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from milonga.compiler.graph import Graph
from milonga.engine.content import ContentStore
from milonga.engine.workers.base import StepRequest
from milonga.engine.workers.workforce import Workforce
from milonga.errors import UsageError

if TYPE_CHECKING:
    from milonga.engine.faults.base import Fault
    from milonga.engine.faults.interference import Interference


class Sabotage:
    """Owned by one run and used from its thread. Without faults nothing is put between, and it costs nothing.

    Args:
        faults: of the run's settings.
        graph: what is run.
        has_processes: whether attempts run in processes of their own.

    Raises:
        UsageError: E966, a fault is for something that the pipeline does not have; E967, it needs a process to kill.
    """

    def __init__(self, faults: Sequence[Fault], graph: Graph, *, has_processes: bool) -> None:
        self._faults = tuple(faults)
        self._hits: Counter[str] = Counter()
        self._attempts: Counter[str] = Counter()
        self._tasks: dict[Path, str] = {}
        self._spoilt: set[str] = set()
        for fault in faults:
            _require_target(fault, graph)
            if fault.needs_process and not has_processes:
                raise UsageError(
                    "E967",
                    f"the fault '{fault.text}' needs a process of the task's own, and all run in this one",
                    hint="leave --in-process away, or use fail:TASK",
                )

    def workers(self, workers: Workforce) -> Workforce:
        """`workers` with the faults in front of them."""
        if not self._faults:
            return workers
        from milonga.engine.faults.saboteur import Saboteur  # most runs have no faults

        return Saboteur(workers, self.interference, self.hit)

    def content(self, store: ContentStore, own: Path) -> ContentStore:
        """`store` with the faults in front of it; what they spoil lies under `own`, where no other run looks."""
        if not self._faults:
            return store
        from milonga.engine.faults.leaky_store import LeakyStore

        return LeakyStore(store, own, self.spoils, self.before_storing, self.after_storing)

    def describe(self) -> str:
        """The faults as one line; "" without any."""
        return ", ".join(fault.text for fault in self._faults)

    def unused(self) -> list[str]:
        """The faults that have hit nothing, as they were written."""
        return [fault.text for fault in self._faults if not self._hits[fault.text]]

    def interference(self, request: StepRequest) -> Interference:
        """What is done to an attempt that is about to start."""
        self._tasks[request.folder] = request.task
        self._attempts[request.task] += 1
        from milonga.engine.faults.interference import Interference

        result = Interference()
        for fault in self._faults:
            found = fault.interfere(request.task, self._attempts[request.task])
            if found is not None:
                self._hits[fault.text] += not found.killer  # a kill may come too late, and is counted when it is done
                result = result.joined(found)
        return result

    def hit(self, text: str) -> None:
        """The fault of that text has hit an attempt."""
        self._hits[text] += 1

    def spoils(self, path: Path, artifact: str) -> bool:
        """Whether a fault damages the stored content of the artifact at `path`."""
        task = self._task_at(path)
        return any(fault.spoils(task, artifact) for fault in self._faults)

    def has_spoilt(self, task: str) -> bool:
        """Whether something that `task` has made is damaged: it must not take the place of an earlier, whole result."""
        return task in self._spoilt

    def before_storing(self, path: Path, artifact: str) -> None:
        """An artifact at `path` is about to be stored.

        Raises:
            OSError: a fault refuses it.
        """
        task = self._task_at(path)
        for fault in self._faults:
            try:
                self._hits[fault.text] += fault.before_storing(task, artifact)
            except OSError:
                self._hits[fault.text] += 1
                raise

    def after_storing(self, path: Path, artifact: str, place: Path) -> None:
        """The artifact from `path` has been stored at `place`."""
        task = self._task_at(path)
        for fault in self._faults:
            if fault.after_storing(task, artifact, place):
                self._hits[fault.text] += 1
                self._spoilt.add(task)

    def _task_at(self, path: Path) -> str:
        return next((self._tasks[folder] for folder in path.parents if folder in self._tasks), "")


def _require_target(fault: Fault, graph: Graph) -> None:
    targets = fault.targets(graph)
    if targets.hit:
        return
    kind = fault.text.partition(":")[0]
    near = difflib.get_close_matches(targets.wanted, dict.fromkeys((*targets.short, *targets.known)), n=1)
    raise UsageError(
        "E966",
        f"the fault '{fault.text}' is for no {targets.what} of this pipeline",
        got=targets.wanted,
        expected=", ".join(targets.known[:20]) + (" ..." if len(targets.known) > 20 else ""),
        hint=f"did you mean '{near[0]}'?" if near else f"as in {kind}:{targets.known[0]}" if targets.known else "",
    )
