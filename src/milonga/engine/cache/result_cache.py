"""`ResultCache`: what the scheduler of one run asks about earlier results, and tells about new ones."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable

from milonga.engine.cache.content_check import ContentCheck
from milonga.engine.cache.eviction import Eviction
from milonga.engine.cache.keys import Work, key_of, work_of
from milonga.engine.cache.limits import Limits
from milonga.engine.cache.policy import CachePolicy
from milonga.engine.cache.reuse import Reuse
from milonga.engine.cache.store_lock import StoreLock
from milonga.engine.home import Home
from milonga.engine.instances import TaskInstance
from milonga.engine.steps import Identity
from milonga.errors import StoreError
from milonga.lineage import LineageStore, TaskRecord
from milonga.lineage.records import ArtifactRecord, Artifacts, CacheEntry, flattened

_PATIENCE_S = 2.0
"""What the end of a run waits for other engines before it leaves the eviction to a later one."""


class ResultCache:
    """The cache of one state folder, as one run sees it. Used from the scheduler's thread only.

    Args:
        store: its rows; what this object writes is committed by the owner, who calls `release` afterwards.
        home: where the content store is.
        policy: for how long results count, and how much is kept.
        is_used: whether this run takes earlier results; it records its own either way.
    """

    def __init__(self, store: LineageStore, home: Home, policy: CachePolicy, *, is_used: bool = True) -> None:
        self._store = store
        self._home = home
        self._policy = policy
        self._is_used = is_used
        self._lock = StoreLock(home)
        self._content = ContentCheck(store)
        self._works: dict[tuple[int, int, str | None], tuple[Work, object, object]] = {}
        self._hits: Counter[str] = Counter()

    # Keys ------------------------------------------------------------------------------------------------------

    def reuse_of(self, task: TaskInstance, identity: Identity) -> Reuse:
        """The key of a step, its inputs resolved. Nothing has been looked for yet."""
        options = task.task.caching_options
        work = self._work(task, identity, options.cache_key if options else None)
        self._store.put_identity(work.digest, work.parts)
        return Reuse(key_of(work, task.inputs.parameters, task.inputs.artifacts), work.digest)

    def _work(self, task: TaskInstance, identity: Identity, custom: str | None) -> Work:
        known = self._works.get((id(identity), id(task.component), custom))
        if known is None:  # both are kept alive, so that no other object gets their ids
            known = work_of(identity, task.component, custom), identity, task.component
            self._works[id(identity), id(task.component), custom] = known
        return known[0]

    # Looking up ------------------------------------------------------------------------------------------------

    def find(self, task: TaskInstance, reuse: Reuse) -> Reuse:
        """`reuse` with what was found: a hit brings outputs whose content has been checked."""
        options = task.task.caching_options
        if options is None or not options.enable_cache:
            return Reuse(reuse.key, reuse.identity, "off")
        if not self._is_used:
            return Reuse(reuse.key, reuse.identity, "ignored")
        self.hold()
        entry = self._store.cache.entry(reuse.key)
        if entry is None:
            return Reuse(reuse.key, reuse.identity, "miss")
        origin = f"{entry.run_id}/{entry.path}"
        if self._policy.max_age_s is not None and time.time() - entry.created_at > self._policy.max_age_s:
            return Reuse(reuse.key, reuse.identity, "expired", origin)
        if not self._content.holds(entry.output_artifacts):
            self._store.cache.forget([reuse.key])
            return Reuse(reuse.key, reuse.identity, "damaged", origin)
        self._hits[reuse.key] += 1
        return Reuse(reuse.key, reuse.identity, "hit", origin, entry.outputs, entry.output_artifacts)

    def holds(self, artifacts: Artifacts) -> bool:
        """Whether recorded artifacts are still what they were: what a resumed run asks about its finished steps."""
        self.hold()
        return self._content.holds(artifacts)

    def still_holds(self, artifacts: Artifacts) -> bool:
        """Whether what a step of this run takes is what was recorded, with a new look at it."""
        return self._content.still_holds(artifacts)

    # Remembering -----------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Before stored content is looked at, or new content moves in: nothing is evicted until `release`.

        Who evicts holds the lock and writes to the database. So nobody may wait for the lock in the middle of a
        transaction: what was written until now, which is whole tasks, is committed first.
        """
        self._lock.hold(self._store.commit)

    def remember(self, record: TaskRecord) -> None:
        """Keep what a step has made. The author of a step with its cache off wants each of its results to be new."""
        now = time.time()
        stored = [item for value in record.output_artifacts.values() for item in flattened(value) if self._is_own(item)]
        if not record.key or record.cache_state == "off":
            self._store.cache.note_contents(stored, now)
            return
        entry = CacheEntry(record.key, record.run_id, record.path, record.outputs, record.output_artifacts, now, now)
        self._store.cache.put(entry, stored)

    def _is_own(self, record: ArtifactRecord) -> bool:
        """Whether it lies in the content store, and not where the author or another state folder keeps it."""
        return record.uri.startswith(
            f"{self._home.content}{os.sep}{record.digest[:2]}{os.sep}{record.digest[2:]}{os.sep}"
        )

    def release(self) -> None:
        """What was found and remembered is committed: others may evict again, and will see it."""
        self._lock.release()

    # The end ---------------------------------------------------------------------------------------------------

    def tidy(self, notice: Callable[[str], None]) -> None:
        """After the run: write down what was used, and evict what is beyond the limit.

        A run that has succeeded stays so: what goes wrong here is told to `notice`, and done by a later run.
        """
        try:
            if self._hits:
                self._store.cache.add_hits(self._hits, time.time())
                self._hits.clear()
            self._content.keep_stamps()
            self._store.commit()
            self._evict(notice)
        except StoreError as error:
            notice(f"cache: {error.message}")
        finally:
            self._lock.close()

    def _evict(self, notice: Callable[[str], None]) -> None:
        limit = self._policy.max_bytes
        if limit is None or self._store.cache.contents_bytes() <= limit:
            return
        from milonga.reporting.quantities import byte_size  # most runs evict nothing

        eviction = Eviction(self._store, self._home, self._lock)
        evicted = eviction.carry_out(Limits(max_bytes=limit), thorough=False, patience_s=_PATIENCE_S)
        if evicted.contents:
            notice(f"cache: {byte_size(evicted.size_bytes)} evicted that had not been used for longest")
        if evicted.left_bytes > limit:
            over = byte_size(evicted.left_bytes - limit)
            notice(f"cache: {over} over its limit, and all of it is needed; see `milonga cache prune --runs`")

    def close(self) -> None:
        """Let go of the lock."""
        self._lock.close()
