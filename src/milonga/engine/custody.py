"""What one run knows about content that it has stored or checked, so that a task never starts on anything else.

Digesting every input of every task again would cost as much as reading it. What is remembered in its place is what a
file system says about each file (size, times, inode): as long as that is the same, so is the content. Where it differs,
the digest decides.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from milonga.engine.cache.stamps import stamp_of
from milonga.errors import StoreError
from milonga.lineage.records import ArtifactRecord, Artifacts, flattened
from milonga.runtime.placement import local_path


class Custody:
    """Owned by one run, used from its thread.

    Args:
        store: root of the content store, whose content a run can make again.
        run_id: named in what to do next.
        holds: whether artifacts are what was recorded, found out without trust in what this object knows.
    """

    def __init__(self, store: Path, run_id: str, holds: Callable[[Artifacts], bool]) -> None:
        self._store = store
        self._run_id = run_id
        self._holds = holds
        self._stamps: dict[tuple[str, str], str] = {}

    def stored(self, place: Path, digest: str) -> None:
        """Remember content that has just been digested and moved to `place`."""
        self._stamps[str(place), digest] = _stamp(place)

    def require(self, artifacts: Artifacts) -> None:
        """See that `artifacts`, by name of the input, are what was recorded. Content elsewhere is taken on trust.

        Raises:
            StoreError: E420, content is gone or has changed.
        """
        for name, value in artifacts.items():
            for record in flattened(value):
                if record.digest and ("://" not in record.uri or record.uri.startswith("file://")):
                    self._require(name, record)

    def _require(self, name: str, record: ArtifactRecord) -> None:
        path = local_path({"uri": record.uri})
        key, stamp = (record.uri, record.digest), _stamp(path)
        if stamp and self._stamps.get(key) == stamp:
            return
        if self._holds({name: record}):
            self._stamps[key] = stamp
            return
        what = "has changed since it was recorded" if stamp else "is gone"
        own = self._store in path.parents
        hint = f"milonga run --resume {self._run_id} makes it again" if own else "start a new run"
        raise StoreError("E420", f"the content of the input '{name}' {what}", where=str(path), hint=hint)


def _stamp(path: Path) -> str:
    """What the file system says about it; "" when it is not there."""
    try:
        return stamp_of(path).text
    except OSError:
        return ""
