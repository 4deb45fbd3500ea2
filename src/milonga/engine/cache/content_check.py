"""Whether earlier results may be used again: only while their content is what was recorded, byte for byte.

A content that was deleted, cut short or changed by hand is never handed to a task as if it were the recorded one.
"""

from __future__ import annotations

import time
from pathlib import Path

from milonga.engine.cache.stamps import stamp_of
from milonga.engine.content import digest_path
from milonga.engine.executor_io import digest_of_unwritten
from milonga.lineage import LineageStore
from milonga.lineage.records import ArtifactRecord, Artifacts, flattened
from milonga.runtime.placement import local_path


class ContentCheck:
    """Checks recorded content.

    The first check of a content, and every one after a write to it, reads it in full and compares the digest; later
    ones, also in later runs, compare its stamp (see `stamps`). Used from one thread.

    Reading may take minutes, and nobody else can write to the store while a transaction is open: what was written
    until then, which is whole tasks, is committed first.
    """

    def __init__(self, store: LineageStore) -> None:
        self._store = store
        self._intact: dict[tuple[str, str], str] = {}
        self._stamps: list[tuple[str, str, str]] = []

    def holds(self, artifacts: Artifacts) -> bool:
        """Whether all of `artifacts` can be read here as they were recorded. Content elsewhere is taken on trust.

        What was found intact is not looked at again in the life of this object.
        """
        return all(self._one(record) for value in artifacts.values() for record in flattened(value))

    def still_holds(self, artifacts: Artifacts) -> bool:
        """Like `holds`, with a new look at all of them."""
        return all(self._one(record, anew=True) for value in artifacts.values() for record in flattened(value))

    def keep_stamps(self) -> None:
        """Write down what was found intact, for the checks of later runs."""
        if self._stamps:
            self._store.cache.put_stamps(self._stamps)
            self._stamps = []

    def _one(self, record: ArtifactRecord, *, anew: bool = False) -> bool:
        if "://" in record.uri and not record.uri.startswith("file://"):
            return True
        key = (record.uri, record.digest)
        if anew or key not in self._intact:
            stamp = self._stamp_if_as_recorded(record, self._intact.pop(key, ""))
            if stamp is not None:
                self._intact[key] = stamp
        return key in self._intact

    def _stamp_if_as_recorded(self, record: ArtifactRecord, known: str) -> str | None:
        """The stamp of content that is what was recorded, "" where there never was any, else None.

        Args:
            record: what was recorded.
            known: the stamp at which this object has found it intact.
        """
        path: Path = local_path({"uri": record.uri})
        now_ns = time.time_ns()
        try:
            stamp = stamp_of(path)
            if stamp.text == known or self._store.cache.stamp(record.uri) == (record.digest, stamp.text):
                return stamp.text
            self._store.commit()
            if digest_path(path).digest != record.digest:
                return None
            if stamp.is_settled(now_ns):
                self._stamps.append((record.uri, record.digest, stamp.text))
        except FileNotFoundError:
            own, elsewhere = (digest_of_unwritten(record.uri, dict(record.metadata), own=own) for own in (True, False))
            return "" if record.digest in (own, elsewhere) else None
        except OSError:
            return None
        return stamp.text
