"""What a pod that runs a part of a pipeline is told, as the compiler has written it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failed attempt is repeated, and after which pause, which grows by a factor up to a limit."""

    limit: int = 0
    pause_s: float = 0.0
    factor: float = 1.0
    pause_max_s: float = 3600.0

    def pause_before(self, repetition: int) -> float:
        """The pause in seconds before a repetition; the first one is 1."""
        return min(self.pause_s * self.factor ** (repetition - 1), self.pause_max_s)


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop.

    Attributes:
        count: expression of the number of its iterations.
        limit: how many may run at the same time; 0 for any number.
    """

    count: list[Any]
    limit: int = 0


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A task.

    Attributes:
        name: in its DAG.
        path: in the pipeline, "[]" behind the loops around it; without its own.
        key: names it where its final status is asked for.
        after: tasks of the same DAG that must end first.
        runs_anyway: whether it runs however those have ended.
        condition: an expression that is absent when the task is to be skipped; None for a task without a condition.
        loop: None for a task that runs once.
        leaf: of a step: name of its results in the store.
        tasks: of a DAG; None for a step, and for something that needs no work, such as an importer.
        stored: of a step: what of it is stored: its result, contents of artifacts.
        retry: of a step.
        timeout_s: of an attempt; 0 for none.
        needs: of a step: how much of the pod's resources it asks for, by resource.
    """

    name: str
    path: str
    key: str = ""
    after: tuple[str, ...] = ()
    runs_anyway: bool = False
    condition: list[Any] | None = None
    loop: Loop | None = None
    leaf: str = ""
    tasks: tuple[PlannedTask, ...] | None = None
    stored: tuple[str, ...] = ()
    retry: Retry = Retry()
    timeout_s: float = 0.0
    needs: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> PlannedTask:
        """The task that the compiler has written."""
        tasks = found.get("tasks")
        values = {
            **found,
            "after": tuple(found.get("after", ())),
            "stored": tuple(found.get("stored", ())),
            "loop": Loop(**found["loop"]) if found.get("loop") else None,
            "retry": Retry(**found.get("retry", {})),
            "tasks": None if tasks is None else tuple(map(cls.from_json, tasks)),
        }
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Plan:
    """The part of a pipeline that one pod runs.

    Attributes:
        pipeline: name of the pipeline.
        leaf: the pod's own name in the store.
        slots: objects that the pod gets: leaf, what, of how many loops the iteration is known, around how many it is.
        certain: steps of other pods that have succeeded when this one runs.
        depth: how many loops are around the pod.
        kept: what its steps store, in the order of the folders with earlier ones: leaf and what.
        keyed: steps whose results are kept for other runs, in the order of the pod's arguments.
        anew: steps that are done again when the pod is: how tasks before them end may be another the next time.
        given: inputs of the pipeline that are read, in that order: name and type.
        statuses: tasks before the pod whose final status is read, in that order: a key of the task and its name.
        tasks: what is to be done.
        control: values that Argo needs in the end: {"value": expression}, {"count": expression} or {"state": task}.
        capacity: resources that the tasks at work may not exceed together.
    """

    pipeline: str
    leaf: str
    slots: tuple[tuple[str, str, int, int], ...]
    certain: frozenset[str]
    depth: int
    kept: tuple[tuple[str, str], ...]
    keyed: tuple[str, ...]
    anew: tuple[str, ...]
    given: tuple[tuple[str, str], ...]
    statuses: tuple[tuple[str, str], ...]
    tasks: tuple[PlannedTask, ...]
    control: Mapping[str, Mapping[str, Any]]
    capacity: Mapping[str, float]

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Plan:
        """The plan that the compiler has written."""
        lists = {key: tuple(tuple(item) for item in found[key]) for key in ("slots", "kept", "given", "statuses")}
        tasks = tuple(map(PlannedTask.from_json, found["tasks"]))
        leaves = {key: tuple(found[key]) for key in ("keyed", "anew")}
        return cls(**{**found, **lists, **leaves, "certain": frozenset(found["certain"]), "tasks": tasks})
