"""What a kill at a random moment costs: lost, repeated and corrupt must be 0 of 200."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.figures import Bar, Figure
from milonga.testing.crash.pipelines import PIPELINES
from milonga.testing.crash.plan import TARGETS, plan_kills
from milonga.testing.crash.trial import Trial, run_trial, run_undisturbed

KILLS = 200
NONE = Bar(0)
COUNTS = {
    "lost": "finished steps without their result, runs that do not end as they should",
    "repeated": "committed steps that ran again on the same inputs",
    "corrupt": "integrity_check, rows that cannot be read, content that is not its digest",
    "orphans": "processes that outlived their engine",
}


def kills(*, quick: bool = False) -> list[Figure]:
    """Engine, worker, the worker's parent, or engine and worker are killed; each run is resumed and compared."""
    count = KILLS // 10 if quick else KILLS
    with tempfile.TemporaryDirectory(prefix="bench-") as root:
        undisturbed = {}
        for name in PIPELINES:
            folder = Path(root) / name
            folder.mkdir()
            undisturbed[name] = run_undisturbed(name, folder)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            trials = list(
                threads.map(lambda kill: run_trial(kill, undisturbed[kill.pipeline], Path(root)), plan_kills(count))
            )
    what = f"{count} kills"
    figures = [
        Figure(what, "milonga", sum(trial.hit > 0 for trial in trials), "hit", Bar(count, at_least=True), _hits(trials))
    ]
    for word, meaning in COUNTS.items():
        found = [f"{trial.kill}: {fault}" for trial in trials for fault in getattr(trial, word)]
        figures.append(Figure(what, "milonga", len(found), word, NONE, "; ".join(found[:5]) or meaning))
    return figures


def _hits(trials: list[Trial]) -> str:
    """Whom, over which pipelines, and how much of the run there was to keep."""
    hits = Counter(trial.kill.target for trial in trials if trial.hit)
    return f"{', '.join(f'{target} {hits[target]}' for target in TARGETS)}; over {', '.join(PIPELINES)}"
