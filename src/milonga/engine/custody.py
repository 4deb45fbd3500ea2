"""What one run knows about content that it has stored or checked, so that no task works on anything else unnoticed.

Digesting every input of every task again would cost as much as reading it. What is remembered in its place is what a
file system says about each file (size, times, inode): as long as that is the same, so is the content. Where it differs,
the digest decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from milonga.engine.cache.stamps import stamp_of
from milonga.errors import StoreError
from milonga.lineage.records import ArtifactRecord, Artifacts, flattened
from milonga.runtime.placement import local_path

_CHEAP_S = 0.005
_FRESH = 20.0
"""How many times as long as it took to look at them the many files of a folder are not looked at again."""


class Custody:
    """Owned by one run, used from its thread.

    Args:
        stores: roots of content that nobody may change and a run can make again.
        run_id: named in what to do next.
        holds: whether artifacts are what was recorded, found out without trust in what this object knows.
    """

    def __init__(self, stores: Sequence[Path], run_id: str, holds: Callable[[Artifacts], bool]) -> None:
        self._stores = frozenset(stores)
        self._run_id = run_id
        self._holds = holds
        self._intact: dict[tuple[str, str], str] = {}
        self._changed: dict[tuple[str, str], str] = {}
        self._fresh_until: dict[Path, tuple[float, str]] = {}

    def stored(self, place: Path, digest: str) -> None:
        """Remember content that has just been digested and moved to `place`."""
        self._intact[str(place), digest] = _stamp(place)

    def require(self, artifacts: Artifacts, role: str = "input", *, has_run: bool = False) -> list[Path]:
        """See that `artifacts`, by name, are what was recorded. Content elsewhere is taken on trust.

        Args:
            artifacts: what a step takes, or what the run hands out.
            role: "input" or "output", for messages.
            has_run: they were what was recorded before a step ran, so a change is most likely its own doing.

        Returns:
            Places outside of the store whose content has changed: they are the user's, who may do that.

        Raises:
            StoreError: E420, content of the store has changed, or any is gone.
        """
        changed = []
        for name, value in artifacts.items():
            for record in flattened(value):
                if not record.digest or ("://" in record.uri and not record.uri.startswith("file://")):
                    continue
                path = local_path({"uri": record.uri})
                stamp = self._stamp(path)
                if self._is_intact(name, record, stamp):
                    continue
                if stamp and not self._is_ours(path):
                    changed.append(path)
                else:
                    raise self._failure(f"{role} '{name}'", path, stamp, has_run=has_run)
        return changed

    def _stamp(self, path: Path) -> str:
        """The stamp of a path. That of a folder of many files costs more than a small task, and is kept a while."""
        began = time.monotonic()
        fresh_until, stamp = self._fresh_until.get(path, (0.0, ""))
        if began < fresh_until:
            return stamp
        stamp = _stamp(path)
        cost_s = time.monotonic() - began
        if cost_s > _CHEAP_S:
            self._fresh_until[path] = (began + cost_s * _FRESH, stamp)
        return stamp

    def _is_intact(self, name: str, record: ArtifactRecord, stamp: str) -> bool:
        key = (record.uri, record.digest)
        if stamp and stamp in (self._intact.get(key), self._changed.get(key)):
            return stamp == self._intact.get(key)
        is_intact = self._holds({name: record})
        (self._intact if is_intact else self._changed)[key] = stamp
        return is_intact

    def _is_ours(self, path: Path) -> bool:
        return not self._stores.isdisjoint(path.parents)

    def _failure(self, what: str, path: Path, stamp: str, *, has_run: bool) -> StoreError:
        if has_run:
            return StoreError(
                "E420",
                f"the step's {what} was {'changed' if stamp else 'removed'} while it ran",
                where=str(path),
                hint="a step must not write into its inputs: let it copy what it changes, and change the copy",
            )
        how = "has changed since it was recorded" if stamp else "is gone"
        hint = f"milonga run --resume {self._run_id} makes it again" if self._is_ours(path) else "start a new run"
        return StoreError("E420", f"the content of the {what} {how}", where=str(path), hint=hint)


def _stamp(path: Path) -> str:
    """What the file system says about it; "" when it is not there."""
    try:
        return stamp_of(path).text
    except OSError:
        return ""
