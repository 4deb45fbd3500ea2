"""The logs of a run: which there are, and those that are still growing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from milonga.engine.home import Home
from milonga.engine.progress.log_tail import LogTail, shown_line
from milonga.engine.run_lock import is_held
from milonga.lineage import LineageStore
from milonga.lineage.records import FINISHED

_TICK_S = 0.2


@dataclass(frozen=True, slots=True)
class StepLog:
    """The newest log of a step.

    Attributes:
        file: relative to the run's folder; "" where nothing has been started.
        origin: where its outputs were made, for a step that was not run because of that.
    """

    path: str
    state: str
    file: str
    attempt: int
    origin: str


def logs_below(store: LineageStore, run_id: str, path: str) -> list[StepLog]:
    """The step at `path`, or all steps inside of that group, or with "" all of the run, by their starts."""
    rows = store.database.rows(
        "SELECT path, state, log, attempts, origin FROM tasks WHERE run_id = ? AND kind = 'step' "
        "ORDER BY started_at IS NULL, started_at, path",
        (run_id,),
    )
    inside = (f"{path}/", f"{path}[")
    return [StepLog(*row) for row in rows if not path or row[0] == path or str(row[0]).startswith(inside)]


def prefixed(path: str, text: str) -> Iterator[str]:
    """The lines of a log with the step's name in front."""
    for line in text.removesuffix("\n").split("\n") if text else ():
        yield f"{path} | {shown_line(line)}"


def follow(
    store: LineageStore,
    home: Home,
    run_id: str,
    path: str,
    *,
    tail: int | None,
    is_single: bool,
    write: Callable[[str], None],
) -> None:
    """Write what the logs have, and then what they get, until what writes them has ended.

    Args:
        path: a step, a group, or "" for the whole run.
        tail: how many lines of each log that is there already are written; None is all.
        is_single: whether `path` is one step, whose lines then have no name in front.
        write: takes a line.
    """
    folder = home.run(run_id)
    tails: dict[str, tuple[str, LogTail]] = {}
    done: set[str] = set()
    from_last = tail

    def show(step: str, lines: list[str]) -> None:
        for line in lines:
            write(line if is_single else f"{step} | {shown_line(line)}")

    while True:
        is_over = not _is_going_on(store, home, run_id)  # asked first: what was written before it is then all there is
        steps = logs_below(store, run_id, path)
        for step in steps:
            known = tails.get(step.path)
            if step.file and step.path not in done and (known is None or known[0] != step.file):
                if known is not None:
                    show(step.path, known[1].lines(is_over=True))
                known = tails[step.path] = (
                    step.file,
                    LogTail(folder / step.file, from_last=from_last),
                )
            if known is not None:
                has_ended = is_over or step.state in FINISHED
                show(step.path, known[1].lines(is_over=has_ended))
                if has_ended:
                    done.add(step.path)
                    del tails[step.path]
        from_last = None
        if is_over or (is_single and steps and steps[0].state in FINISHED):
            return
        time.sleep(_TICK_S)


def _is_going_on(store: LineageStore, home: Home, run_id: str) -> bool:
    run = store.run(run_id)
    return run is not None and run.state not in FINISHED and is_held(home.run(run_id))


def text_of(file: Path, tail: int | None) -> str:
    """A log that is there, or the last lines of it; "" where nothing was written."""
    if tail is not None:
        return "".join(f"{line}\n" for line in LogTail(file, from_last=tail).lines(is_over=True))
    return file.read_text("utf-8", "replace") if file.is_file() else ""
