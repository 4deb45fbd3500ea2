"""One kill, and the run that is resumed after it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.testing.crash.evidence import Evidence, find_damage, is_same_work, look_at
from milonga.testing.crash.plan import Kill
from milonga.testing.crash.site import CrashSite, Ended

_ATTEMPTS = 8
"""How often a kill that came too late, because this machine was faster than measured, is tried again, earlier."""
_EARLIER = 0.75


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """A run that nobody killed: what it takes, and what has to come out.

    Attributes:
        wall_s: from the start of the process to its end.
        outputs: of the pipeline.
        labels: of all its steps.
    """

    wall_s: float
    outputs: Mapping[str, Any]
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Trial:
    """What one kill did; four empty tuples are what has to be.

    Attributes:
        kill: which one.
        hit: how many processes got the signal: 0 when every attempt to hit one came too late.
        lost: finished steps whose result is gone, and ends that are not what they should be.
        repeated: steps that were committed as succeeded before the run was resumed, and ran again on the same inputs.
        corrupt: damaged rows and content.
        orphans: what outlived its engine.
    """

    kill: Kill
    hit: int
    lost: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    corrupt: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[str, ...]:
        """Everything that is wrong, each in one line."""
        groups = (("lost", self.lost), ("repeated", self.repeated), ("corrupt", self.corrupt), ("orphan", self.orphans))
        return tuple(f"{word}: {fault}" for word, faults in groups for fault in faults)


def run_undisturbed(pipeline: str, folder: Path) -> Undisturbed:
    """Run a pipeline once, in an empty folder.

    Raises:
        RuntimeError: it did not succeed.
    """
    site = CrashSite(folder, pipeline)
    before = time.monotonic()
    ended = site.wait(site.start())
    wall_s = time.monotonic() - before
    evidence = look_at(site.home, site.ledger)
    if not ended.succeeded or set(evidence.finished) != set(evidence.executions):
        raise RuntimeError(f"{pipeline} does not run undisturbed: {ended.messages[-500:]}")
    return Undisturbed(wall_s, dict(ended.document["outputs"]), frozenset(evidence.executions))


def run_trial(
    kill: Kill, undisturbed: Undisturbed, folder: Path, open_site: Callable[[Path, str], CrashSite] = CrashSite
) -> Trial:
    """Start, kill, resume, compare.

    Args:
        kill: which one.
        undisturbed: what has to come out.
        folder: an existing folder; each attempt gets a new one inside of it.
        open_site: the engine under test: a site for a folder and a pipeline.
    """
    moment_s = kill.at * undisturbed.wall_s
    for _ in range(_ATTEMPTS):
        site = open_site(Path(tempfile.mkdtemp(prefix=f"{kill.number}-", dir=folder)), kill.pipeline)
        try:
            engine = site.start()
            time.sleep(moment_s)
            before = look_at(site.home, site.ledger)
            hit = _strike(site, engine, kill)
            ended = site.wait(engine)
            if hit:
                return _resume_and_compare(site, kill, undisturbed, before, ended, hit)
            moment_s *= _EARLIER
        except TimeoutError as error:
            return Trial(kill, 1, lost=(str(error),))
        finally:
            site.end_all()
    return Trial(kill, 0)


def _strike(site: CrashSite, engine: subprocess.Popen[str], kill: Kill) -> int:
    """Send the signals; of a worker or zygote that is not there yet, wait for the first. How many processes got it."""
    if kill.target == "engine":
        return _end(engine.pid) if engine.poll() is None else 0
    if kill.target == "both":
        workers = site.workers(engine.pid)
        victims = [engine.pid, *workers[kill.choice // 2 % len(workers) :][:1]] if workers else [engine.pid]
        ordered = victims if kill.choice % 2 else victims[::-1]
        return sum(_end(pid) for pid in ordered) if engine.poll() is None else 0
    while engine.poll() is None:
        found = site.workers(engine.pid) if kill.target == "worker" else site.zygotes(engine.pid)
        if found and _end(found[kill.choice % len(found)]):
            return 1
    return 0


def _end(pid: int) -> int:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return 1
    return 0


def _resume_and_compare(
    site: CrashSite, kill: Kill, undisturbed: Undisturbed, before: Evidence, ended: Ended, hit: int
) -> Trial:
    orphans = () if site.all_gone() else tuple(str(pid) for pid in site.processes())
    then = look_at(site.home, site.ledger)
    corrupt = find_damage(site.home)
    lost = [f"{label} was forgotten by the engine" for label in before.finished if label not in then.finished]
    if "Traceback" in ended.messages:
        lost.append(f"a traceback: {ended.messages[-1500:]}")
    if not ended.succeeded:
        ended = site.wait(site.resume() if then.state else site.start())
        if not ended.succeeded:
            lost.append(f"the resumed run ended with {ended.exit_code}: {ended.messages[-500:]}")
    if dict(ended.document.get("outputs", {})) != dict(undisturbed.outputs):
        lost.append(f"the outputs are {ended.document.get('outputs')}")
    now = look_at(site.home, site.ledger)
    lost += [f"{label} is not recorded" for label in undisturbed.labels if label not in now.finished]
    lost += [f"{label} was not done" for label in undisturbed.labels if label not in now.executions]
    corrupt += find_damage(site.home)
    if not site.all_gone():
        orphans += tuple(str(pid) for pid in site.processes())
    repeated = sorted({*_repeated(before, now), *_repeated(then, now)})
    return Trial(kill, hit, tuple(lost), tuple(repeated), tuple(corrupt), orphans)


def _repeated(earlier: Evidence, now: Evidence) -> list[str]:
    """Steps that had been committed, and that were done again though their inputs are the same."""
    return [
        f"{label}: {earlier.executions[label]} execution(s), then {now.executions[label]}"
        for label, record in earlier.finished.items()
        if now.executions[label] != earlier.executions[label]
        and label in now.finished
        and is_same_work(record, now.finished[label])
    ]
