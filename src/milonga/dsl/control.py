"""Control flow in a pipeline's body: `If Elif Else OneOf ParallelFor Collected ExitHandler`.

The names and meanings are KFP's. Each is a context manager or function that records what it sees; none of them
decides anything at trace time.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Generic, TypeVar

from milonga.dsl.conditions import Condition, Joined, Negated, as_condition
from milonga.dsl.definition import Definition, P
from milonga.dsl.parameters import ParameterSchema, infer_schema
from milonga.dsl.places import callers_place
from milonga.dsl.recording import Group, Recorder, TaskCall, current_recorder, report
from milonga.dsl.references import CollectedReference, OneOfReference, Reference, TaskOutputs
from milonga.dsl.signature import ArtifactSchema
from milonga.errors import AuthoringError

T = TypeVar("T")


def _recorder(what: str) -> Recorder:
    recorder = current_recorder()
    if recorder is None:
        raise AuthoringError(
            "E132",
            f"{what} outside of a pipeline",
            where=str(callers_place()),
            hint="use it in the body of a function decorated with @pipeline",
        )
    return recorder


class _Scope:
    """A `with` block that records into a group of its own."""

    _group: Group

    def _enter(self, recorder: Recorder, group: Group) -> None:
        group.parent = recorder.group
        recorder.group.children.append(group)
        self._group = group
        recorder.group = group

    def _exit(self) -> None:
        recorder = current_recorder()
        if recorder is not None and self._group.parent is not None:
            recorder.group = self._group.parent


class If(_Scope):
    """Run the tasks inside only when `condition` holds.

    Args:
        condition: comparisons of task outputs or pipeline inputs, joined by `&`, `|`, `~`; or a bool output.
    """

    def __init__(self, condition: object) -> None:
        self._recorder = _recorder("If")
        self._place = callers_place()
        self._condition = as_condition(condition)

    def __enter__(self) -> None:
        branches = Group("branches", self._recorder.group, self._place, number=self._recorder.next_number())
        self._recorder.group.children.append(branches)
        self._branch(branches, self._condition)

    def _branch(self, branches: Group, condition: Condition | None) -> None:
        branch = Group("branch", branches, self._place, number=self._recorder.next_number(), condition=condition)
        branch.own_condition = self._condition
        branch.name = f"condition-{branch.number}"
        branches.children.append(branch)
        branches.name = f"condition-branches-{branches.number}"
        self._group = branch
        self._recorder.group = branch

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        branches = self._group.parent
        if branches is not None and branches.parent is not None:
            self._recorder.group = branches.parent


class _Following(If):
    """A branch after an If."""

    _name = "Elif"

    def __init__(self, condition: object) -> None:
        super().__init__(condition)

    def __enter__(self) -> None:
        siblings = self._recorder.group.children
        branches = siblings[-1] if siblings else None
        if not isinstance(branches, Group) or branches.kind != "branches" or branches.has_else:
            report(
                "E133",
                f"{self._name} without an If directly before it",
                hint="nothing may stand between the branches, not even a task in a condition, and nothing after Else",
            )
            branches = self._meant(siblings)
        earlier = [
            child.own_condition
            for child in branches.children
            if isinstance(child, Group) and child.own_condition is not None
        ]
        condition: Condition | None = None
        for one in earlier:
            condition = Negated(one) if condition is None else Joined("&&", condition, Negated(one))
        condition = self._own(condition)
        self._branch(branches, condition)
        branches.has_else = self._name == "Else"

    def _meant(self, siblings: Sequence[object]) -> Group:
        """The chain to go on with after the mistake, so that it gives no second finding: the last one, or a new one."""
        chains = [child for child in siblings if isinstance(child, Group) and child.kind == "branches"]
        if chains and not chains[-1].has_else:
            return chains[-1]
        branches = Group("branches", self._recorder.group, self._place, number=self._recorder.next_number())
        self._recorder.group.children.append(branches)
        return branches

    def _own(self, none_before: Condition | None) -> Condition | None:
        return Joined("&&", none_before, self._condition) if none_before is not None else self._condition


class Elif(_Following):
    """Run the tasks inside when no branch before ran and `condition` holds. Stands directly after `If` or `Elif`."""


class Else(_Following):
    """Run the tasks inside when no branch before ran. Stands directly after `If` or `Elif`."""

    _name = "Else"

    _condition = None  # type: ignore[assignment]

    def __init__(self) -> None:
        self._recorder = _recorder("Else")
        self._place = callers_place()

    def _own(self, none_before: Condition | None) -> Condition | None:
        return none_before


class ParallelFor(_Scope, Generic[T]):
    """Run the tasks inside once for each item, at the same time.

    Args:
        items: a list of JSON values, a list output or input, or `Collected` artifacts.
        parallelism: how many iterations may run at the same time; 0 is as many as there is room for.
    """

    def __init__(self, items: Sequence[T], *, parallelism: int = 0) -> None:
        self._recorder = _recorder("ParallelFor")
        self._place = callers_place()
        if type(parallelism) is not int or parallelism < 0:
            report("E134", "parallelism must be a whole number >= 0", got=repr(parallelism))
            parallelism = 0
        self._items: Any = items
        self._parallelism = parallelism

    def __enter__(self) -> T:
        group = Group("loop", None, self._place, number=self._recorder.next_number(), parallelism=self._parallelism)
        group.name = f"for-loop-{group.number}"
        group.items = self._checked()
        self._enter(self._recorder, group)
        group.item = Reference(group, "item", self._item_schema())
        item: T = group.item  # type: ignore[assignment]
        return item

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._exit()

    def _checked(self) -> Any:
        items = self._items
        if isinstance(items, Reference):
            is_list = items.schema is None or (
                items.schema.is_list if isinstance(items.schema, ArtifactSchema) else items.parameter_kind == "LIST"
            )
            if not is_list:
                report("E135", f"ParallelFor over {items.label}", got=items.spelling, expected="a list")
            return items
        if isinstance(items, (TaskOutputs, str, bytes, dict)) or not isinstance(items, Sequence):
            report("E135", "ParallelFor over something that is no list", got=repr(items)[:80], expected="a list")
            return []
        if any(isinstance(item, (Reference, TaskOutputs)) for item in items):
            report("E135", "a reference inside the list of a ParallelFor", hint="build the list in a component")
            return []
        try:
            return ParameterSchema("LIST", list).encode(list(items))
        except (TypeError, ValueError) as error:
            report("E135", "an item of ParallelFor has no JSON form", got=str(error))
            return []

    def _item_schema(self) -> Any:
        items = self._items
        if isinstance(items, Reference):
            if isinstance(items.schema, ArtifactSchema):
                return ArtifactSchema(items.schema.artifact_class)
            return items.schema.item if isinstance(items.schema, ParameterSchema) else None
        schemas = [infer_schema(item) for item in items] if isinstance(items, Sequence) else []
        kinds = {schema.kind if schema else None for schema in schemas}
        if kinds == {"NUMBER_INTEGER", "NUMBER_DOUBLE"}:
            return infer_schema(0.5)
        return schemas[0] if len(kinds) == 1 else None


class ExitHandler(_Scope):
    """Run `task` when everything inside has ended, whether it succeeded or not.

    Args:
        task: the component (or pipeline) to run at the end. An input of type `TaskFinalStatus` is filled in.
        args, kwargs: its arguments.
    """

    def __init__(self, task: Definition[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
        self._recorder = _recorder("ExitHandler")
        self._place = callers_place()
        if not isinstance(task, Definition):
            raise AuthoringError(
                "E136",
                "ExitHandler needs the component itself, followed by its arguments",
                where=str(self._place),
                got=repr(task),
                expected="ml.ExitHandler(notify, 'done')",
            )
        self._call = task.record(self._recorder, args, dict(kwargs), self._place)
        self._call.is_exit_task = True

    def __enter__(self) -> None:
        group = Group("exit", None, self._place, number=self._recorder.next_number(), exit_task=self._call)
        group.name = f"exit-handler-{group.number}"
        self._enter(self._recorder, group)

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._exit()


def Collected(value: T) -> list[T]:
    """All values that the loop around a task made of `value`, as a list in iteration order, outside of that loop.

    Outside of two loops, one in the other, they are a list of lists; `Collected(Collected(value))` says so to a type
    checker, and means the same as `Collected(value)`.
    """
    recorder = _recorder("Collected")
    if isinstance(value, CollectedReference) and value.layers < value.depth:
        return CollectedReference(value.inner, value.depth, value.layers + 1)  # type: ignore[return-value]
    if not isinstance(value, Reference) or isinstance(value, CollectedReference):
        report("E137", "Collected of something that no task makes in a loop", got=repr(value)[:80])
        return []
    around = value.source.group if isinstance(value.source, TaskCall) else value.source
    here = list(recorder.group.ancestors())
    depth = sum(group.kind == "loop" and group not in here for group in around.ancestors())
    return CollectedReference(value, depth)  # type: ignore[return-value]


def OneOf(*values: T) -> T:
    """The value of whichever branch of one If/Elif/Else chain ran. Give one value a branch, all of one type."""
    _recorder("OneOf")
    references = [value for value in values if isinstance(value, Reference)]
    if len(references) != len(values) or not references:
        report("E138", "OneOf takes outputs of tasks, one from each branch", got=f"{len(values)} values")
        return values[0] if values else None  # type: ignore[return-value]
    first = references[0]
    for other in references[1:]:
        if (first.is_artifact != other.is_artifact) or (
            first.schema is not None and other.schema is not None and first.schema.accepts(other.schema)  # type: ignore[arg-type]
        ):
            report("E138", "OneOf of different types", got=f"{first.spelling} and {other.spelling}")
    return OneOfReference(tuple(references))  # type: ignore[return-value]
