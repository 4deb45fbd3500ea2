"""Removes environments that nobody uses, beside engines that go on."""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from milonga.engine.environments.file_lock import locked
from milonga.engine.environments.shared_environment import SharedEnvironment
from milonga.engine.environments.shelf import EnvironmentShelf, discard
from milonga.engine.home import Home
from milonga.engine.run_lock import is_held
from milonga.errors import RunError

_BUILDING, _REMOVED = ".building-", ".removed-"


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed, and what a run that goes on still needs.

    Attributes:
        removed: gone.
        kept_for_runs: asked for, and kept.
    """

    removed: tuple[SharedEnvironment, ...]
    kept_for_runs: tuple[SharedEnvironment, ...]


def prune_environments(
    home: Home, unused_for_s: float, ids: tuple[str, ...] | None = None, *, dry_run: bool = False
) -> Pruned:
    """Remove environments that were not used for a while, and what killed builds have left.

    An environment that was used since the start of a run that still goes on is kept.

    Args:
        home: whose.
        unused_for_s: seconds since the last use.
        ids: these, whenever they were used; None goes by the last use.
        dry_run: only say what would go.

    Raises:
        RunError: E454, one cannot be removed.
    """
    shelf = EnvironmentShelf.of(home)
    if ids is not None:
        asked = [one for one in shelf.all() if one.id in ids]
    else:
        asked = [one for one in shelf.all() if one.used_at <= time.time() - unused_for_s]
    began = oldest_live_run(home)
    needed = tuple(one for one in asked if began is not None and one.used_at >= began)
    removed = tuple(one for one in asked if one not in needed)
    if dry_run:
        return Pruned(removed, needed)
    try:
        for one in removed:
            for request in shelf.requests_of(one.id):
                shelf.forget(request)
            discard(one.folder)
        _sweep(shelf)
    except OSError as error:
        where = str(error.filename or shelf.root)
        message = f"an environment cannot be removed: {error.strerror}"
        raise RunError("E454", message, where=where, hint="see who owns its files", kind="system") from error
    return Pruned(removed, needed)


def oldest_live_run(home: Home) -> float | None:
    """When the oldest of the runs that go on now was started, by the clock of the file system; None without any."""
    runs = home.root / "runs"
    if not runs.is_dir():
        return None
    began = [_started_at(folder) for folder in runs.iterdir() if is_held(folder)]
    return min(began, default=None)


def _started_at(run: Path) -> float:
    """An engine writes into the lock when it takes it."""
    try:
        return (run / "lock").stat().st_mtime
    except OSError:
        return 0.0


def _sweep(shelf: EnvironmentShelf) -> None:
    """Remove what nobody works on any more: half-made environments of killed engines, and halves of removed ones."""
    if not shelf.root.is_dir():
        return
    for folder in sorted(shelf.root.iterdir()):
        if folder.name.startswith(_REMOVED):
            shutil.rmtree(folder, ignore_errors=True)
        elif folder.name.startswith(_BUILDING):
            lock_file = shelf.requests / folder.name.removeprefix(_BUILDING) / "lock"
            with contextlib.suppress(OSError), locked(lock_file, wait=False) as lock:
                if lock is not None:
                    shutil.rmtree(folder, ignore_errors=True)
