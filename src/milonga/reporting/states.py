"""How a task's state looks: a word, a sign and a colour class, for one record or for all iterations together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from milonga.lineage.records import TaskRecord

_ITERATION = re.compile(r"\[\d+\](?=/|$)")


@dataclass(frozen=True, slots=True)
class Look:
    """One way a task can look.

    Attributes:
        name: CSS class and key.
        word: what is written.
        sign: path data of an icon in a box of 16 by 16, stroked.
    """

    name: str
    word: str
    sign: str


_LOOKS = (
    Look("failed", "failed", "M5 5l6 6M11 5l-6 6"),
    Look("cancelled", "cancelled", "M5.5 5.5h5v5h-5z"),
    Look("running", "running", "M6.5 4.8l5 3.2-5 3.2z"),
    Look("pending", "pending", "M8 4.5v3.5l2.4 1.6"),
    Look("succeeded", "succeeded", "M4.6 8.3l2.3 2.4 4.6-5"),
    Look("cached", "cached", "M9 3.6l-4 5h3l-1 4 4-5h-3z"),
    Look("not-run", "not run", "M4.8 8h6.4"),
    Look("skipped", "skipped", "M4.6 5.2l3 2.8-3 2.8M8.6 5.2l3 2.8-3 2.8"),
)
LOOKS: Mapping[str, Look] = {look.name: look for look in _LOOKS}
"""All looks, the most telling first: where iterations differ, the first of them stands for all."""

_BY_STATE = {
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "RUNNING": "running",
    "PENDING": "pending",
    "SUCCEEDED": "succeeded",
    "NOT_RUN": "not-run",
    "SKIPPED": "skipped",
}


def look_of(record: TaskRecord) -> Look:
    """The look of one task."""
    return LOOKS["cached" if record.cached and record.state == "SUCCEEDED" else look_of_state(record.state).name]


def look_of_state(state: str) -> Look:
    """The look of a state; of a state that is not known, "pending"."""
    return LOOKS[_BY_STATE.get(state, "pending")]


@dataclass(frozen=True, slots=True)
class Summary:
    """All records of one task of the graph: one, or one for each iteration of the loops around it.

    Attributes:
        look: the most telling look.
        counts: how many records have which look, in the order of `LOOKS`.
        seconds: wall time of all records, None when none has both ends.
        records: the records.
    """

    look: Look
    counts: tuple[tuple[Look, int], ...]
    seconds: float | None
    records: tuple[TaskRecord, ...]


def summarise(records: Sequence[TaskRecord]) -> Summary:
    """One summary of one record or more."""
    if len(records) == 1:
        look = look_of(records[0])
        return Summary(look, ((look, 1),), wall_seconds(records[0]), tuple(records))
    found = [look_of(record) for record in records]
    counts = count_looks(records)
    took = [seconds for record in records if (seconds := wall_seconds(record)) is not None]
    order = list(LOOKS.values())
    return Summary(min(found, key=order.index), counts, sum(took) if took else None, tuple(records))


def counted(summary: Summary) -> str:
    """12 succeeded, 3 skipped."""
    return ", ".join(f"{count} {look.word}" for look, count in summary.counts)


def count_looks(records: Iterable[TaskRecord]) -> tuple[tuple[Look, int], ...]:
    """How many records have which look, in the order of `LOOKS`, none left at zero."""
    numbers = dict.fromkeys(LOOKS, 0)
    for record in records:
        numbers[look_of(record).name] += 1
    return tuple((LOOKS[name], count) for name, count in numbers.items() if count)


def wall_seconds(record: TaskRecord) -> float | None:
    """Wall time from the start of the newest attempt to its end."""
    if record.started_at is None or record.ended_at is None:
        return None
    return max(0.0, record.ended_at - record.started_at)


def graph_path(path: str) -> str:
    """The path of the task in the graph: a record's path without its iterations."""
    return _ITERATION.sub("", path)


def by_graph_path(records: Iterable[TaskRecord]) -> dict[str, list[TaskRecord]]:
    """Records by their task in the graph."""
    found: dict[str, list[TaskRecord]] = {}
    for record in records:
        found.setdefault(graph_path(record.path), []).append(record)
    return found


def icon(look: Look, *, size: int = 16) -> str:
    """The sign of a look as an inline drawing; the word must stand beside it."""
    return (
        f'<svg class="sign s-{look.name}" width="{size}" height="{size}" viewBox="0 0 16 16" aria-hidden="true">'
        f'<circle cx="8" cy="8" r="8"/><path d="{look.sign}"/></svg>'
    )


def badge(look: Look, word: str = "") -> str:
    """Sign and word in the look's colour."""
    return f'<span class="badge s-{look.name}">{icon(look)}{word or look.word}</span>'
