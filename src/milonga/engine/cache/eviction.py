"""`Eviction`: takes entries and stored content away, while engines work, and killed at any moment.

Under the `StoreLock`, held alone: the entries that name the content are dropped and that is committed; the content is
moved out of reach, each by one rename; then its own rows are dropped. After the lock: the files are deleted. Whoever is
killed in between leaves content that no entry names, which the next eviction finds in its rows or on the disk. So a
task finds an entry and all of its content, or no entry.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from milonga.engine.cache.limits import Limits
from milonga.engine.cache.needed import needed
from milonga.engine.cache.store_lock import StoreLock
from milonga.engine.cache.stored_files import StoredFiles
from milonga.engine.home import Home
from milonga.lineage import LineageStore
from milonga.lineage.cache_table import StoredContent


@dataclass(frozen=True, slots=True)
class Evicted:
    """What goes, or would go.

    Attributes:
        keys: of entries.
        contents: of the content store, with or without entries.
        left_bytes: what the store holds afterwards, in bytes.
        needed_bytes: how much of that some run needs.
    """

    keys: tuple[str, ...]
    contents: tuple[StoredContent, ...]
    left_bytes: int
    needed_bytes: int

    @property
    def size_bytes(self) -> int:
        """Bytes of all `contents`."""
        return sum(content.size_bytes for content in self.contents)


class Eviction:
    """Evicts from one state folder."""

    def __init__(self, store: LineageStore, home: Home, lock: StoreLock) -> None:
        self._store = store
        self._lock = lock
        self._home = home
        self._files = StoredFiles(home.content)

    def planned(self, limits: Limits, *, thorough: bool) -> Evicted:
        """What `carry_out` would take away now; nothing is changed.

        Args:
            limits: what may stay.
            thorough: look at the disk as well, for what no row knows: left by a killed process, or by an old version.
        """
        cache = self._store.cache
        contents = cache.contents()
        missing, unknown = set[str](), set[str]()
        if thorough:
            contents, missing, unknown = self._as_found(contents)
        reasons = needed(self._store, self._home)
        kept = reasons.by_runs if limits.outputs_too else reasons.by_runs | reasons.as_outputs
        total = sum(content.size_bytes for content in contents)
        chosen: list[StoredContent] = []
        for content in sorted(contents, key=lambda content: (content.used_at, content.digest)):
            is_old = limits.unused_since is not None and content.used_at < limits.unused_since
            is_too_much = limits.max_bytes is not None and total > limits.max_bytes
            goes = limits.everything or is_old or is_too_much or content.digest in unknown
            if content.digest in missing or (goes and content.digest not in kept):
                chosen.append(content)
                total -= content.size_bytes
        keys = dict.fromkeys(key for content in chosen for key in cache.keys_of(content.digest))
        if limits.everything:
            keys.update(dict.fromkeys(cache.all_keys()))
        elif limits.unused_since is not None:
            keys.update(dict.fromkeys(cache.keys_unused_since(limits.unused_since)))
        needed_bytes = sum(content.size_bytes for content in contents if content.digest in kept)
        return Evicted(tuple(keys), tuple(chosen), total, needed_bytes)

    def carry_out(self, limits: Limits, *, thorough: bool, patience_s: float) -> Evicted:
        """Take away what goes beyond `limits`.

        Raises:
            StoreError: E425 engines have not let go of the store for `patience_s` seconds, E427 a file cannot be
                removed.
        """
        self._store.commit()
        with self._lock.alone(patience_s):
            evicted = self.planned(limits, thorough=thorough)
            self._store.cache.forget(evicted.keys)
            self._store.commit()
            for content in evicted.contents:
                self._files.take_away(content.digest)
            self._store.cache.forget_contents([content.digest for content in evicted.contents])
            self._store.commit()
        self._files.empty_trash()
        return evicted

    def _as_found(self, contents: list[StoredContent]) -> tuple[list[StoredContent], set[str], set[str]]:
        """The contents as they are on the disk; digests whose files are gone; those that no recorded task knows.

        What nobody knows was left by an engine that was killed.
        """
        found = set(self._files.digests())
        missing = {content.digest for content in contents} - found
        rows = [replace(content, size_bytes=0) if content.digest in missing else content for content in contents]
        others = [self._files.measured(digest) for digest in sorted(found - {content.digest for content in contents})]
        unknown = {content.digest for content in others if not self._store.cache.is_known(content.digest)}
        return [*rows, *others], missing, unknown
