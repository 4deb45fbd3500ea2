"""Run a random graph of steps that burn CPU, and say how busy the cores were, and with what."""

import json
import os
import random
import resource
import sys
import time
from pathlib import Path
from typing import Any

import milonga as ml
from milonga.engine.progress import LineProgress
from milonga.lineage import RunRecord

WIDTH = 40
BUSY = slice(0, 8)
IDLE = (3, 4)


@ml.component
def burn(milliseconds: int, a: int = 0, b: int = 0, c: int = 0) -> int:
    """Keep a core busy for so much CPU time, whatever else the machine does."""
    import time

    end = time.process_time() + milliseconds / 1000
    while time.process_time() < end:
        pass
    return a + b + c + 1


def layered(tasks: int, seed: int) -> tuple[Any, float]:
    """Layers of random width; a step takes up to three results of the three layers before. And the CPU s of all."""
    chance = random.Random(seed)
    total_ms = 0
    plan: list[list[tuple[int, list[tuple[int, int]]]]] = []
    while (left := tasks - sum(map(len, plan))) > 0:
        layer = []
        for _ in range(min(left, chance.randint(1, WIDTH))):
            before = [
                (row, column) for row in range(max(0, len(plan) - 3), len(plan)) for column in range(len(plan[row]))
            ]
            milliseconds = chance.randint(5, 50)
            total_ms += milliseconds
            layer.append((milliseconds, chance.sample(before, min(len(before), chance.randint(0, 3)))))
        plan.append(layer)

    @ml.pipeline(name="random-graph")
    def graph() -> None:
        made: list[list[int]] = []
        for layer in plan:
            made.append(
                [burn(milliseconds, *(made[row][column] for row, column in sources)) for milliseconds, sources in layer]
            )

    return graph, total_ms / 1000


def machine_cpu_s() -> float:
    """CPU seconds that this machine has spent since it started on anything at all, stolen by its host included."""
    fields = Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:]
    return sum(int(field) for place, field in enumerate(fields[BUSY]) if place not in IDLE) / os.sysconf("SC_CLK_TCK")


def own_cpu_s() -> float:
    """CPU seconds of this process and of all its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


class Clock(LineProgress):
    """A line an event; measures from the moment when the run is recorded to its end."""

    def run_started(self, run: RunRecord, folder: Path) -> None:
        """Starts the clocks; tracing and checking are over."""
        super().run_started(run, folder)
        self.before = (time.perf_counter(), own_cpu_s(), machine_cpu_s())

    def run_ended(self, run: RunRecord, folder: Path) -> None:
        """Stops them; the workers have ended, so that their time counts."""
        after = (time.perf_counter(), own_cpu_s(), machine_cpu_s())
        self.wall_s, self.cpu_s, self.machine_s = (now - then for then, now in zip(self.before, after, strict=True))
        super().run_ended(run, folder)


def main(tasks: int, seed: int = 0) -> dict[str, float]:
    """Shares of the cores: of ours in all, of ours in what others left, of the work itself."""
    cores = len(os.sched_getaffinity(0))
    pipeline, work_s = layered(tasks, seed)
    clock = Clock()
    ml.run(pipeline, cache=False, jobs=cores, progress=clock).raise_for_state()
    others_s = max(0.0, clock.machine_s - clock.cpu_s)
    return {
        "cores": cores,
        "wall_s": clock.wall_s,
        "cpu_s": clock.cpu_s,
        "work_s": work_s,
        "others_s": others_s,
        "share": clock.cpu_s / (cores * clock.wall_s),
        "share_of_what_was_left": clock.cpu_s / (cores * clock.wall_s - others_s),
        "work_share": work_s / (cores * clock.wall_s - others_s),
    }


if __name__ == "__main__":
    print(json.dumps(main(**json.loads(sys.argv[1]))))
