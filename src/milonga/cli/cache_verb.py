"""`milonga cache`: what is kept of earlier results, and getting rid of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from milonga.cli.output import print_json
from milonga.cli.quantities import instant, size
from milonga.cli.table import lines_of
from milonga.engine.cache.eviction import Evicted, Eviction
from milonga.engine.cache.limits import Limits
from milonga.engine.cache.policy import CachePolicy, parse_age
from milonga.engine.cache.store_lock import StoreLock
from milonga.engine.home import Home
from milonga.lineage import LineageStore

_PATIENCE_S = 30.0
_NOTHING = Evicted((), (), 0, 0)


@contextmanager
def _opened(home: Home) -> Iterator[tuple[LineageStore, Eviction] | None]:
    """The store and what evicts from it; None where nothing has ever been run: looking makes nothing."""
    if not home.database.exists():
        yield None
        return
    store, lock = LineageStore(home.database), StoreLock(home)
    try:
        yield store, Eviction(store, home, lock)
    finally:
        lock.close()
        store.close()


@click.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def show(as_json: bool) -> None:
    """Show what is kept: entries and their uses, content and its size, and how much of that could go."""
    home = Home.default()
    with _opened(home) as found:
        uses = found[0].cache.uses() if found else []
        kept = found[0].cache.contents() if found else []
        free = found[1].planned(Limits(everything=True), thorough=True) if found else _NOTHING
    document: dict[str, Any] = {
        "home": str(home.root),
        "entries": sum(use.entries for use in uses),
        "hits": sum(use.hits for use in uses),
        "contents": len(kept),
        "bytes": free.left_bytes + free.size_bytes,
        "needed_bytes": free.needed_bytes,
        "reclaimable_bytes": free.size_bytes,
        "components": [
            {"component": use.component, "entries": use.entries, "hits": use.hits, "used_at": use.used_at}
            for use in uses
        ],
    }
    if as_json:
        print_json(document)
        return
    print(f"entries      {document['entries']}, taken {document['hits']} times")
    print(f"content      {_size(document['bytes'])}, of which runs need {_size(document['needed_bytes'])}")
    print(f"reclaimable  {_size(document['reclaimable_bytes'])}")
    rows = [(use.component, str(use.entries), str(use.hits), instant(use.used_at)) for use in uses]
    for line in lines_of(("COMPONENT", "ENTRIES", "HITS", "LAST USED"), rows, right=("ENTRIES", "HITS")):
        print(line)


@click.command("prune")
@click.option("--older-than", metavar="AGE", help="What was not used for so long: 12h, 7d, 4w.")
@click.option("--max-size", metavar="SIZE", help="What is beyond this size, such as 20GB, not used for longest first.")
@click.option("--runs", is_flag=True, help="Outputs of finished runs may go as well.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def prune(older_than: str | None, max_size: str | None, runs: bool, dry_run: bool, as_json: bool) -> None:
    """Remove what is old or too much, and always what killed runs have left behind.

    Without --max-size the limit is MILONGA_CACHE_MAX_BYTES, if it is set. What a run needs stays: one that goes on, the
    newest of its pipeline that has not succeeded, and outputs of runs unless --runs is given.
    """
    since = None if older_than is None else time.time() - parse_age(older_than)
    limits = Limits(CachePolicy.chosen(max_size=max_size).max_bytes, since, outputs_too=runs)
    _evict(limits, dry_run=dry_run, as_json=as_json)


@click.command("clear")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def clear(dry_run: bool, as_json: bool) -> None:
    """Forget every earlier result, and remove all content that no run needs. The runs stay, with their outputs."""
    _evict(Limits(everything=True), dry_run=dry_run, as_json=as_json)


def _evict(limits: Limits, *, dry_run: bool, as_json: bool) -> None:
    with _opened(Home.default()) as found:
        evicted = _NOTHING
        if found is not None and dry_run:
            evicted = found[1].planned(limits, thorough=True)
        elif found is not None:
            evicted = found[1].carry_out(limits, thorough=True, patience_s=_PATIENCE_S)
    if as_json:
        print_json(
            {
                "dry_run": dry_run,
                "entries": len(evicted.keys),
                "contents": len(evicted.contents),
                "bytes": evicted.size_bytes,
                "left_bytes": evicted.left_bytes,
                "needed_bytes": evicted.needed_bytes,
            }
        )
        return
    gone = "would be removed" if dry_run else "removed"
    entries = "1 entry" if len(evicted.keys) == 1 else f"{len(evicted.keys)} entries"
    print(f"{entries} and {_size(evicted.size_bytes)} of content {gone}")
    print(f"{_size(evicted.left_bytes)} left, of which runs need {_size(evicted.needed_bytes)}")


def _size(count: int) -> str:
    return size(count) or "0 B"


@click.group("cache", commands=(show, prune, clear))
def command() -> None:
    """Show what is kept of earlier results, and remove it."""
