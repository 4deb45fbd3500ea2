"""Which stored content is needed, and stays whatever the limits say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from milonga.engine.home import Home
from milonga.engine.run_lock import is_held
from milonga.lineage import LineageStore, RunRecord
from milonga.lineage.records import flattened


@dataclass(frozen=True, slots=True)
class Needed:
    """Digests of content that somebody needs.

    Attributes:
        by_runs: of runs that go on now, and of those that `--resume` would go on with: the newest run of a pipeline,
            where it has not succeeded.
        as_outputs: what runs have returned.
    """

    by_runs: frozenset[str]
    as_outputs: frozenset[str]


def needed(store: LineageStore, home: Home) -> Needed:
    """What is needed now. Only while the `StoreLock` is held alone is the answer still true when it is used."""
    runs = store.runs(limit=-1)
    kept = [run for run in runs if _is_going_on(run, home)]
    seen: set[str] = set()
    for run in runs:  # the newest first
        if run.pipeline not in seen and run.state != "SUCCEEDED":
            kept.append(run)
        seen.add(run.pipeline)
    given = {digest for run in kept for value in run.arguments.values() for digest in _digest_in(value, home)}
    outputs = (value for run in runs for value in run.output_artifacts.values())
    return Needed(
        frozenset(store.digests_of_tasks({run.id for run in kept}) | given),
        frozenset(record.digest for value in outputs for record in flattened(value)),
    )


def _is_going_on(run: RunRecord, home: Home) -> bool:
    return run.state == "RUNNING" and is_held(home.run(run.id))


def _digest_in(argument: object, home: Home) -> list[str]:
    """The digest in an argument that is a place in the content store."""
    if not isinstance(argument, str):
        return []
    path = PurePath(argument.removeprefix("file://"))
    return ["".join(path.relative_to(home.content).parts[:2])] if path.is_relative_to(home.content) else []
