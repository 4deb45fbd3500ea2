"""Why a recorded task was taken from the cache, or was not: `milonga why`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from milonga.compiler.diff import Change
from milonga.compiler.diff.change import CODE_KINDS
from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Graph
from milonga.engine.cache.code_differences import code_differences, program_in
from milonga.engine.cache.keys import CUSTOM_PART
from milonga.engine.home import Home
from milonga.engine.run_folder import pipeline_file
from milonga.errors import MilongaError
from milonga.lineage import LineageStore, TaskRecord
from milonga.lineage.differences import artifacts, stated, values

Verdict = Literal["hit", "miss", "none"]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_VALUE_MAX = 2000
_LOOKED_AT = 100
"""How many of the newest earlier tasks are looked at for the one that is most alike."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer.

    Attributes:
        verdict: "none" for a task that the cache has nothing to do with.
        cause: a stable word, one of `CAUSES`.
        other: the task that made the outputs of a hit, or that a miss is compared with; None where that is not known.
        differences: for a miss, what is another in its key than in that of `other`.
    """

    task: TaskRecord
    verdict: Verdict
    cause: str
    other: TaskRecord | None = None
    differences: tuple[Change, ...] = ()

    @property
    def text(self) -> str:
        """One sentence."""
        return CAUSES[self.cause]

    def to_json(self, *, code: bool = False) -> dict[str, Any]:
        """The document that `milonga why --json` prints; texts of code only with `code`."""
        other = self.other
        return {
            "run_id": self.task.run_id,
            "task": self.task.path,
            "verdict": self.verdict,
            "cause": self.cause,
            "text": self.text,
            "key": self.task.key,
            "origin": self.task.origin or None,
            "other": {"run_id": other.run_id, "task": other.path, "ended_at": other.ended_at} if other else None,
            "differences": [_cut(change.to_json(code=code), change.kind) for change in self.differences],
        }


def _cut(document: dict[str, Any], kind: str) -> dict[str, Any]:
    """The document of a change without values as large as data."""
    if kind not in CODE_KINDS:
        for side in ("before", "after"):
            text = document[side]
            document[side] = text if text is None or len(text) <= _VALUE_MAX else text[:_VALUE_MAX] + "…"
    return document


CAUSES: Mapping[str, str] = {
    "hit": "the same work on the same data was done before",
    "group": "a group is not cached; each of its steps is",
    "importer": "an importer is not cached: it looks at its URI each time",
    "not-run": "it has not been run",
    "not-reached": "it failed before the cache was asked",
    "off": "its cache is switched off, by its component or its options",
    "ignored": "the run was told not to use the cache",
    "expired": "the result that was there is older than the run allowed",
    "damaged": "the outputs that were there are gone, or are not what was recorded",
    "changed": "something in its key is another than before",
    "evicted": "the same work was done before, and its result had been evicted or cleared",
    "not-kept": "the same work was done before by a task whose cache was off, and so was not kept",
    "failed-before": "earlier tasks of this component have failed, and a failure is not kept",
    "first": "it is the first task of its component that was recorded here",
    "unrecorded": "what was recorded does not say: an older milonga ran one of the two",
}
"""Every cause, and what it means."""


def explained(store: LineageStore, home: Home, task: TaskRecord) -> Explanation:
    """Why `task` was a hit or not, from what was recorded when it ran."""
    if task.kind == "group":
        return Explanation(task, "none", "group")
    if task.cache_state in ("hit", "expired", "damaged"):
        verdict: Verdict = "hit" if task.cache_state == "hit" else "miss"
        return Explanation(task, verdict, task.cache_state, _task_at(store, task.origin))
    if task.cache_state in ("off", "ignored"):
        return Explanation(task, "none" if task.cache_state == "off" else "miss", task.cache_state)
    if task.cache_state == "miss":
        return _of_miss(store, home, task)
    if task.state in ("PENDING", "SKIPPED", "NOT_RUN"):
        return Explanation(task, "none", "not-run")
    if not task.key:
        return Explanation(task, "none", "not-reached" if task.state == "FAILED" else "unrecorded")
    return Explanation(task, "none", "importer" if task.identity and not task.attempts else "unrecorded")


def _task_at(store: LineageStore, origin: str) -> TaskRecord | None:
    run_id, _, path = origin.partition("/")
    return store.task(run_id, path) if path else None


def _of_miss(store: LineageStore, home: Home, task: TaskRecord) -> Explanation:
    started = task.started_at if task.started_at is not None else 0.0
    for same in store.steps_of(task.component, before=started, key=task.key):
        return Explanation(task, "miss", "not-kept" if same.cache_state == "off" else "evicted", same)
    other = _nearest(store, task, started)
    if other is None:
        failed = store.steps_of(task.component, before=started, state="FAILED")
        return Explanation(task, "miss", "failed-before", failed[0]) if failed else Explanation(task, "miss", "first")
    found = tuple(_differences(store, home, other, task))
    return Explanation(task, "miss", "changed" if found else "unrecorded", other, found)


def _nearest(store: LineageStore, task: TaskRecord, before: float) -> TaskRecord | None:
    """The newest at the same place; else the one whose key differs in the fewest parts, the newest of those."""
    here = store.steps_of(task.component, before=before, path=task.path)
    parts: dict[str, dict[str, str]] = {}

    def distance(step: TaskRecord) -> int:
        for digest in (step.identity, task.identity):
            if digest not in parts:
                parts[digest] = store.identity_parts(digest)
        pairs = _of_identity(parts[step.identity], parts[task.identity], task.path)
        return sum(1 for _ in pairs) + sum(1 for _ in _of_inputs(step, task))

    found = here or store.steps_of(task.component, before=before, limit=_LOOKED_AT)
    return min(found, key=distance, default=None)


def _differences(store: LineageStore, home: Home, before: TaskRecord, after: TaskRecord) -> Iterator[Change]:
    old, new = (store.identity_parts(step.identity) for step in (before, after))
    for change in _of_identity(old, new, after.path):
        details = tuple(_of_code(home, before, after)) if change.kind == "code" else ()
        yield from details or (change,)
    if CUSTOM_PART not in old or CUSTOM_PART not in new:  # else the inputs do not count
        yield from _of_inputs(before, after)


def _of_identity(old: Mapping[str, str], new: Mapping[str, str], where: str) -> Iterator[Change]:
    if not old or not new:  # an older milonga did not keep them
        return
    for part in sorted({**old, **new}):
        kind = "variable" if part.startswith("variable ") else part.replace(" ", "-")
        yield from stated(where, kind, part, *(_shown(side.get(part)) for side in (old, new)))


def _shown(text: str | None) -> str | None:
    return text[:12] if text is not None and _DIGEST.fullmatch(text) else text


def _of_inputs(before: TaskRecord, after: TaskRecord) -> Iterator[Change]:
    yield from values(after.path, "parameter", before.inputs, after.inputs)
    yield from artifacts(after.path, "artifact", before.input_artifacts, after.input_artifacts)


def _of_code(home: Home, before: TaskRecord, after: TaskRecord) -> Iterator[Change]:
    """What of the code, from the pipelines as they were run; nothing where one is gone."""
    old, new = (_graph(home, step.run_id) for step in (before, after))
    programs = [graph and program_in(graph, step.component) for graph, step in ((old, before), (new, after))]
    if programs[0] and programs[1]:
        yield from code_differences(after.path, programs[0], programs[1])


def _graph(home: Home, run_id: str) -> Graph | None:
    try:
        return load_graph(pipeline_file(home.run(run_id)))
    except (MilongaError, OSError):
        return None
