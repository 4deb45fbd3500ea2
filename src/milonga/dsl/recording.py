"""What is remembered while a pipeline function runs once to be traced: a tree of groups and task calls.

The objects here are built by one thread during one trace and read afterwards by the compiler; they are never
shared between traces. They know the author's places, so that every finding can name a line. Nothing here knows
about any file format.
"""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from milonga.dsl.places import Place, callers_place
from milonga.errors import AuthoringError, MilongaError

if TYPE_CHECKING:
    from milonga.dsl.conditions import Condition
    from milonga.dsl.definition import Definition
    from milonga.dsl.options import Options
    from milonga.dsl.references import Reference

GroupKind = Literal["root", "branches", "branch", "loop", "exit"]


@dataclass(slots=True, eq=False)
class Group:
    """A scope of tasks: the pipeline itself, an If chain, one branch, a loop body, or what an exit task guards."""

    kind: GroupKind
    parent: Group | None
    place: Place
    number: int = 0
    children: list[Group | TaskCall] = field(default_factory=list)
    condition: Condition | None = None
    own_condition: Condition | None = None
    has_else: bool = False
    items: Any = None
    item: Reference | None = None
    parallelism: int = 0
    exit_task: TaskCall | None = None
    name: str = ""

    def ancestors(self) -> Iterator[Group]:
        """This group and the groups around it, inside out."""
        group: Group | None = self
        while group is not None:
            yield group
            group = group.parent


@dataclass(slots=True, eq=False)
class TaskCall:
    """One call of a component or pipeline inside a pipeline."""

    component: Definition[..., Any]
    arguments: dict[str, Any]
    options: Options
    group: Group
    place: Place
    name: str = ""
    explicit_name: bool = False
    is_exit_task: bool = False


class Recorder:
    """The state of one trace. `findings` collects every mistake; tracing goes on past each."""

    def __init__(self, pipeline: str, place: Place) -> None:
        self.pipeline = pipeline
        self.root = Group("root", None, place, name="root")
        self.group = self.root
        self.findings: list[MilongaError] = []
        self.tasks: list[TaskCall] = []
        self.name_counts: dict[str, int] = {}
        self.root_inputs: dict[str, Any] = {}
        self._numbers = 0

    def next_number(self) -> int:
        """A number for a group's name, unique in this pipeline, in the author's order."""
        self._numbers += 1
        return self._numbers

    def add_finding(
        self, code: str, message: str, *, place: Place | None = None, got: str = "", expected: str = "", hint: str = ""
    ) -> None:
        """Remember a mistake at `place`, by default the author's current line."""
        where = str(place or callers_place())
        if any(known.code == code and known.where == where and known.message == message for known in self.findings):
            return  # the same line in a Python loop
        self.findings.append(AuthoringError(code, message, where=where, got=got, expected=expected, hint=hint))

    def has_finding_at(self, where: str) -> bool:
        """Whether a mistake at this place is known: what goes wrong there next is a consequence of it."""
        return any(known.where == where for known in self.findings)

    def add_task(self, task: TaskCall) -> None:
        """Put `task` into the current group."""
        self.group.children.append(task)
        self.tasks.append(task)

    @contextmanager
    def inside(self, group: Group) -> Iterator[Group]:
        """Record what follows into `group`."""
        before, self.group = self.group, group
        try:
            yield group
        finally:
            self.group = before


_RECORDER: contextvars.ContextVar[Recorder | None] = contextvars.ContextVar("milonga_recorder", default=None)


def current_recorder() -> Recorder | None:
    """The trace under way, or None outside of a pipeline function."""
    return _RECORDER.get()


@contextmanager
def recording(recorder: Recorder) -> Iterator[Recorder]:
    """Trace into `recorder`; an outer trace is suspended."""
    token = _RECORDER.set(recorder)
    try:
        yield recorder
    finally:
        _RECORDER.reset(token)


def report(code: str, message: str, *, got: str = "", expected: str = "", hint: str = "") -> None:
    """A mistake at the author's current line: remembered while tracing, raised otherwise.

    Raises:
        AuthoringError: when no pipeline is being traced.
    """
    recorder = current_recorder()
    if recorder is None:
        raise AuthoringError(code, message, where=str(callers_place()), got=got, expected=expected, hint=hint)
    recorder.add_finding(code, message, got=got, expected=expected, hint=hint)
