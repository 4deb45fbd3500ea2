"""Differences between recorded values, artifacts and times, as changes. Each function is told where it looks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from milonga.compiler.diff import Change
from milonga.compiler.diff.texts import clipped, short
from milonga.lineage.records import ArtifactRecord, Artifacts, flattened

_RATIO_MIN = 1.25
_SECONDS_MIN = 0.1
"""Smaller differences of time are noise and not told."""


def stated(where: str, kind: str, what: str, before: str | None, after: str | None) -> Iterator[Change]:
    """A change of one text, if it is one; None stands for nothing."""
    if before == after:
        return
    if before is None or after is None:
        text = f"{what} {short(after or '')} (none before)" if before is None else f"{what} {short(before)} → none"
    else:
        old, new = clipped(before, after)
        text = f"{what} {old} → {new}"
    yield Change(where, kind, what, before, after, text)


def values(where: str, kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Changes of values by name. 1, 1.0 and true are three values."""
    for name in sorted({**before, **after}):
        texts = (_json(side[name]) if name in side else None for side in (before, after))
        yield from stated(where, kind, name, *texts)


def artifacts(where: str, kind: str, before: Artifacts, after: Artifacts) -> Iterator[Change]:
    """Changes of content, and of metadata key by key."""
    here, there = _by_name(before), _by_name(after)
    for name in {**here, **there}:
        old, new = here.get(name), there.get(name)
        if old is None or new is None:
            yield from stated(where, kind, name, *(_shown(item) if item else None for item in (old, new)))
            continue
        if _content(old, new) != _content(new, old):
            yield from stated(where, kind, name, _shown(old), _shown(new))
        kept = ({f"{name}.{key}": value for key, value in item.metadata.items()} for item in (old, new))
        yield from values(where, "metadata", *kept)


def duration(
    where: str, began: float | None, ended: float | None, later_began: float | None, later_ended: float | None
) -> Iterator[Change]:
    """A quiet change, when both times are known and not about the same. In seconds."""
    if began is None or ended is None or later_began is None or later_ended is None:
        return
    before, after = ended - began, later_ended - later_began
    low, high = sorted((max(before, 1e-3), max(after, 1e-3)))
    if high - low < _SECONDS_MIN or high / low < _RATIO_MIN:
        return
    old, new = f"{before:.1f} s", f"{after:.1f} s"
    ratio = max(after, 1e-3) / max(before, 1e-3)
    yield Change(where, "duration", "duration", old, new, f"took {old} → {new} ({ratio:.2g} times)", quiet=True)


def _by_name(artifacts: Artifacts) -> dict[str, ArtifactRecord]:
    """Artifacts by name; those of a list by name and position."""
    found: dict[str, ArtifactRecord] = {}
    for name in sorted(artifacts):
        value = artifacts[name]
        for position, record in enumerate(flattened(value)):
            found[f"{name}[{position}]" if isinstance(value, tuple) else name] = record
    return found


def _content(record: ArtifactRecord, other: ArtifactRecord) -> tuple[str, str]:
    """What an artifact is: its digest, where both have one, else its address, which tells less."""
    return record.type, record.digest if record.digest and other.digest else record.uri


def _shown(record: ArtifactRecord) -> str:
    content = record.digest[:12] or record.uri
    return f"{record.type} {content} ({record.size_bytes} bytes)"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
