"""`CacheTable`: what is remembered under which key, and what of it lies in the content store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from milonga.lineage.column_text import to_column
from milonga.lineage.database import Database
from milonga.lineage.records import ArtifactRecord, CacheEntry
from milonga.lineage.rows import ENTRIES


@dataclass(frozen=True, slots=True)
class StoredContent:
    """One content of the store. `entries` counts the cache entries that name it; `used_at` never goes back."""

    digest: str
    size_bytes: int
    used_at: float
    entries: int


@dataclass(frozen=True, slots=True)
class ComponentUse:
    """What the cache holds of one component."""

    component: str
    entries: int
    hits: int
    used_at: float


class CacheTable:
    """Rows of the cache in one lineage store, with its transactions: nothing counts before its `commit`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Entries ---------------------------------------------------------------------------------------------------

    def entry(self, key: str) -> CacheEntry | None:
        """What is remembered under `key`."""
        rows = self._database.rows(f"SELECT {ENTRIES.columns} FROM cache WHERE key = ?", (key,))
        return ENTRIES.record(rows[0]) if rows else None

    def put(self, entry: CacheEntry, stored: Sequence[ArtifactRecord]) -> None:
        """Remember an entry, in place of what its key gave before; `stored` of its artifacts lie in the store."""
        self._database.write(ENTRIES.put, [ENTRIES.row(entry)])
        self._database.write("DELETE FROM cache_contents WHERE key = ?", [(entry.key,)])
        if stored:
            self.note_contents(stored, entry.used_at)
            rows = [(entry.key, record.digest) for record in stored]
            self._database.write("INSERT OR IGNORE INTO cache_contents VALUES (?, ?)", rows)

    def forget(self, keys: Collection[str]) -> None:
        """Drop entries. Their contents stay, with nobody to name them, until they are evicted."""
        if keys:
            for table in ("cache", "cache_contents"):
                self._database.write(f"DELETE FROM {table} WHERE key = ?", [(key,) for key in keys])

    def add_hits(self, hits: Mapping[str, int], now: float) -> None:
        """Count hits by key. Times of use only grow: a clock that is set back makes nothing look older."""
        self._database.write(
            "UPDATE cache SET hits = hits + ?, used_at = max(used_at, ?) WHERE key = ?",
            [(count, now, key) for key, count in hits.items()],
        )
        self._database.write(
            "UPDATE contents SET used_at = max(used_at, ?) WHERE digest IN "
            "(SELECT digest FROM cache_contents WHERE key = ?)",
            [(now, key) for key in hits],
        )

    def all_keys(self) -> list[str]:
        """Keys of all entries."""
        return [key for (key,) in self._database.rows("SELECT key FROM cache ORDER BY used_at, key")]

    def keys_unused_since(self, moment: float) -> list[str]:
        """Keys of entries that no run has made or taken since."""
        rows = self._database.rows("SELECT key FROM cache WHERE used_at < ? ORDER BY used_at, key", (moment,))
        return [key for (key,) in rows]

    def keys_of(self, digest: str) -> list[str]:
        """Keys of the entries that name this content."""
        return [key for (key,) in self._database.rows("SELECT key FROM cache_contents WHERE digest = ?", (digest,))]

    def is_known(self, digest: str) -> bool:
        """Whether some recorded task has taken or made this content."""
        return bool(self._database.rows("SELECT 1 FROM artifact_edges WHERE digest = ? LIMIT 1", (digest,)))

    def uses(self) -> list[ComponentUse]:
        """What is remembered of each component, most entries first."""
        query = (
            "SELECT coalesce(t.component, ''), count(*), sum(c.hits), max(c.used_at) FROM cache c "
            "LEFT JOIN tasks t ON t.run_id = c.run_id AND t.path = c.path GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        return [ComponentUse(*row) for row in self._database.rows(query)]

    # Contents --------------------------------------------------------------------------------------------------

    def note_contents(self, stored: Iterable[ArtifactRecord], now: float) -> None:
        """Keep account of artifacts that lie in the content store."""
        self._database.write(
            "INSERT INTO contents VALUES (?, ?, ?) "
            "ON CONFLICT (digest) DO UPDATE SET used_at = max(used_at, excluded.used_at)",
            ((record.digest, record.size_bytes, now) for record in stored),
        )

    def contents_bytes(self) -> int:
        """Bytes of all contents that are known of."""
        return int(self._database.rows("SELECT coalesce(sum(size_bytes), 0) FROM contents")[0][0])

    def contents(self) -> list[StoredContent]:
        """All contents that are known of, the one that was not used for longest first."""
        query = (
            "SELECT digest, size_bytes, used_at, (SELECT count(*) FROM cache_contents n WHERE n.digest = c.digest) "
            "FROM contents c ORDER BY used_at, digest"
        )
        return [StoredContent(*row) for row in self._database.rows(query)]

    def forget_contents(self, digests: Collection[str]) -> None:
        """Drop contents, and every entry that names one of them."""
        keys = [key for digest in digests for key in self.keys_of(digest)]
        self.forget(keys)
        rows = [(digest,) for digest in digests]
        self._database.write("DELETE FROM contents WHERE digest = ?", rows)
        self._database.write("DELETE FROM stamps WHERE digest = ?", rows)

    # Stamps ----------------------------------------------------------------------------------------------------

    def stamp(self, uri: str) -> tuple[str, str] | None:
        """(digest, stamp) of what was last read in full at `uri`; what a stamp is only its maker knows."""
        rows = self._database.rows("SELECT digest, stamp FROM stamps WHERE uri = ?", (to_column(uri),))
        return (rows[0][0], rows[0][1]) if rows else None

    def put_stamps(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Keep stamps, given as (uri, digest, stamp)."""
        written = [(to_column(uri), digest, stamp) for uri, digest, stamp in rows]
        self._database.write("INSERT OR REPLACE INTO stamps VALUES (?, ?, ?)", written)
