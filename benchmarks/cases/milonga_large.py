"""Run a pipeline of very many steps, and say what memory its processes took at most."""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from milonga_run import linear, loop

import milonga as ml
from milonga.engine.progress import LineProgress
from milonga.lineage import TaskRecord

EVERY = 500
"""Steps between two looks at the memory of children; what the kernel reports is the peak since their start."""


def peak_bytes(process: str) -> int:
    """Largest resident memory of a process so far."""
    status = Path("/proc") / process / "status"
    found = [line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:")]
    return int(found[0].split()[1]) * 1024 if found else 0


def own_peak_bytes() -> int:
    """Largest resident memory of this process so far. On Linux not by getrusage: that counts whoever forked it too."""
    if sys.platform == "linux":
        return peak_bytes("self")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Memory(LineProgress):
    """A line an event, and the peak of the processes that the engine itself has started."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = 0
        self.children_bytes = 0

    def task_ended(self, task: TaskRecord) -> None:
        """Looks at the children now and then."""
        super().task_ended(task)
        self.ended += 1
        if self.ended % EVERY == 1 and sys.platform == "linux":
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="utf-8").split()
            self.children_bytes = max(self.children_bytes, sum(map(peak_bytes, children)))


def main(tasks: int, shape: str, mode: Any) -> dict[str, Any]:
    """How many steps succeeded, and the peaks of the engine and of its children: of the process that forks attempts."""
    memory = Memory()
    pipeline = {"linear": linear, "loop": loop}[shape](tasks)
    result = ml.run(pipeline, mode=mode, cache=False, progress=memory).raise_for_state()
    steps = [task for task in result.tasks.values() if task.kind == "step"]
    return {
        "steps": sum(task.state == "SUCCEEDED" for task in steps),
        "engine_bytes": own_peak_bytes(),
        "children_bytes": memory.children_bytes,
        "worker_bytes": max((task.peak_memory_bytes for task in steps), default=0),
    }


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
