"""The rows of the lineage store, as frozen values. Times are seconds since the epoch, sizes are bytes."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Union

State = Literal["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "SKIPPED", "NOT_RUN", "CANCELLED"]

FINISHED: frozenset[str] = frozenset({"SUCCEEDED", "FAILED", "SKIPPED", "NOT_RUN", "CANCELLED"})

CacheState = Literal["", "hit", "miss", "expired", "damaged", "off", "ignored"]
"""What the cache had to do with a step: "" it was not asked; "hit"; "miss", there was no entry; "expired", there was
one and it was too old; "damaged", there was one and what it names is gone or changed; "off" for this task by its
author; "ignored" for the whole run by who started it."""


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """One artifact at one border of one task.

    Attributes:
        name: name of the input or output.
        type: schema title.
        uri: where the content is.
        digest: SHA-256 of the content (or of the URI, when the content is not on this machine); "" when unknown.
        size_bytes: size of the content.
        metadata: what its maker recorded.
    """

    name: str
    type: str
    uri: str
    digest: str = ""
    size_bytes: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The record as JSON."""
        return {
            "name": self.name,
            "type": self.type,
            "uri": self.uri,
            "digest": self.digest,
            "size_bytes": self.size_bytes,
            "metadata": dict(self.metadata),
        }

    def _repr_html_(self) -> str:
        """What a notebook shows. Pages are made a layer above this one, so their module is loaded by its name."""
        page: str = importlib.import_module("milonga.reporting.notebook").record_html(self)
        return page

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ArtifactRecord:
        """The record behind `to_json`."""
        return cls(
            value["name"],
            value["type"],
            value["uri"],
            value["digest"],
            value["size_bytes"],
            value.get("metadata") or {},
        )


ArtifactValue = Union[ArtifactRecord, "tuple[ArtifactValue, ...]"]
"""An artifact, or a list of artifacts, which may be nested."""

Artifacts = Mapping[str, ArtifactValue]
"""Artifacts by name of the input or output."""


def artifacts_to_json(artifacts: Artifacts) -> dict[str, Any]:
    """Artifacts by name as JSON; lists stay lists."""
    return {name: _value_to_json(value) for name, value in artifacts.items()}


def _value_to_json(value: ArtifactValue) -> Any:
    return [_value_to_json(item) for item in value] if isinstance(value, tuple) else value.to_json()


def artifacts_from_json(value: Mapping[str, Any]) -> dict[str, ArtifactValue]:
    """The artifacts behind `artifacts_to_json`."""
    return {name: _value_from_json(item) for name, item in value.items()}


def _value_from_json(value: Any) -> ArtifactValue:
    return (
        tuple(_value_from_json(item) for item in value) if isinstance(value, list) else ArtifactRecord.from_json(value)
    )


def flattened(value: ArtifactValue) -> tuple[ArtifactRecord, ...]:
    """All artifacts of a value, in order."""
    return tuple(record for item in value for record in flattened(item)) if isinstance(value, tuple) else (value,)


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One task of one run, at its newest attempt.

    Attributes:
        path: task names joined by "/", a loop iteration as "[i]".
        kind: "step" for leaves, "group" for nested DAGs, loops and branches.
        component: name of the component.
        attempts: how often it was started.
        cached: whether its outputs came from the cache.
        key: the content key; equal keys mean equal work.
        wall_s: time from start to end by a clock that does not jump, unlike `ended_at - started_at`.
        cpu_s, peak_memory_bytes: of the newest attempt's process and its children.
        log: path of the newest attempt's log, relative to the run's folder.
        error: code, message and traceback of the failure, or empty.
        identity: digest of what the key was made of besides inputs; `LineageStore.identity_parts` has its parts.
        cache_state: what the cache had to do with it.
        origin: "RUN_ID/PATH" of the task that made what the cache had, for "hit", "expired" and "damaged".
    """

    run_id: str
    path: str
    state: State
    kind: Literal["step", "group"] = "step"
    component: str = ""
    attempts: int = 0
    cached: bool = False
    key: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    input_artifacts: Artifacts = field(default_factory=dict)
    output_artifacts: Artifacts = field(default_factory=dict)
    log: str = ""
    error: Mapping[str, Any] = field(default_factory=dict)
    iterations: int | None = None
    wall_s: float = 0.0
    identity: str = ""
    cache_state: CacheState = ""
    origin: str = ""
    graph: str = ""


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt of one task.

    Attributes:
        attempt: from 1; a resumed run goes on counting.
        state: of this attempt: RUNNING, SUCCEEDED, FAILED or CANCELLED.
        wall_s: time from start to end by a clock that does not jump.
        exit: the process's exit code, a signal as its negative number; None when there was no process, or it is not
            known how it ended.
        error: code, message and traceback of the failure, or empty.
        log: path of its log, relative to the run's folder.
    """

    run_id: str
    path: str
    attempt: int
    state: State
    started_at: float | None = None
    ended_at: float | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    exit: int | None = None
    error: Mapping[str, Any] = field(default_factory=dict)
    log: str = ""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """What is remembered under a key.

    Attributes:
        run_id, path: the task that made it.
        used_at: last time that a run took it, or when it was made.
        hits: how often runs have taken it.
    """

    key: str
    run_id: str
    path: str
    outputs: Mapping[str, Any]
    output_artifacts: Artifacts
    created_at: float
    used_at: float
    hits: int = 0


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run.

    Attributes:
        id: unique, sortable by start time.
        pipeline: the pipeline's name.
        graph_digest: digest of what was run.
        arguments: parameters of the run, defaults filled in.
        outputs, output_artifacts: what the pipeline returned.
        source: how the user named the pipeline, such as "file.py:retrain".
        uses_cache: whether it may take earlier results; a resumed run goes on as it began.
    """

    id: str
    pipeline: str
    graph_digest: str
    state: State
    created_at: float
    ended_at: float | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    output_artifacts: Artifacts = field(default_factory=dict)
    source: str = ""
    error: Mapping[str, Any] = field(default_factory=dict)
    uses_cache: bool = True
