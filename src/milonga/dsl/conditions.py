"""Conditions on values that are known only when the pipeline runs.

A condition is an immutable tree of comparisons joined by `&`, `|`, `~`. It has no truth value while the pipeline is
traced; asking for one is the mistake "plain if on a reference".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from milonga.dsl.places import callers_place
from milonga.dsl.recording import current_recorder, report

if TYPE_CHECKING:
    from milonga.dsl.references import Reference

Operator = Literal["==", "!=", "<", "<=", ">", ">=", "in"]


class Condition:
    """Base of the condition tree."""

    __slots__ = ()

    def __and__(self, other: Any) -> Condition:
        return Joined("&&", self, as_condition(other))

    def __rand__(self, other: Any) -> Condition:
        return Joined("&&", as_condition(other), self)

    def __or__(self, other: Any) -> Condition:
        return Joined("||", self, as_condition(other))

    def __ror__(self, other: Any) -> Condition:
        return Joined("||", as_condition(other), self)

    def __invert__(self) -> Condition:
        return Negated(self)

    def __bool__(self) -> bool:
        report(
            "E120",
            "a plain 'if', 'and', 'or', 'not' or 'in' on a value that is known only when the pipeline runs",
            hint="use 'with ml.If(...)', join conditions with &, | and ~, membership is ml.contains(items, value)",
        )
        return True

    def references(self) -> Iterator[Reference]:
        """The run-time values that this condition looks at, left to right."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(Condition):
    """`left operator right`, at least one side a reference. With "in", the right side is the collection."""

    operator: Operator
    left: Any
    right: Any

    def references(self) -> Iterator[Reference]:
        """The references among the two sides."""
        from milonga.dsl.references import Reference

        for side in (self.left, self.right):
            if isinstance(side, Reference):
                yield side


@dataclass(frozen=True, slots=True, eq=False)
class Joined(Condition):
    """Two conditions joined by and, or."""

    operator: Literal["&&", "||"]
    left: Condition
    right: Condition

    def references(self) -> Iterator[Reference]:
        """The references of both sides."""
        yield from self.left.references()
        yield from self.right.references()


@dataclass(frozen=True, slots=True, eq=False)
class Negated(Condition):
    """The opposite of a condition."""

    inner: Condition

    def references(self) -> Iterator[Reference]:
        """The references of the inner condition."""
        yield from self.inner.references()


def as_condition(value: Any) -> Condition:
    """`value` as a condition: a condition, or a bool reference; anything else is reported as a mistake."""
    from milonga.dsl.references import Reference

    if isinstance(value, Condition):
        return value
    if isinstance(value, Reference):
        kind = value.parameter_kind
        if kind not in (None, "BOOLEAN"):
            report(
                "E121",
                f"{value.label} is {value.spelling}, and only a bool is a condition by itself",
                hint=f"compare it: {value.label} == ...",
            )
        return Comparison("==", value, True)
    recorder = current_recorder()
    if recorder is not None and recorder.has_finding_at(str(callers_place())):
        return _ALWAYS  # such as `not (a > 1)`, which is reported already and has become a plain bool
    report(
        "E122",
        "a condition that does not depend on anything known only when the pipeline runs",
        got=repr(value),
        expected="a comparison with a task's output or a pipeline's input",
        hint="decide it in Python before the pipeline is compiled, with a plain 'if' around the tasks",
    )
    return Negated(Joined("&&", _ALWAYS, Negated(_ALWAYS))) if value else Joined("&&", _ALWAYS, Negated(_ALWAYS))


class _Always(Condition):
    """Stands in for a condition that was wrong, so that tracing goes on."""

    __slots__ = ()

    def references(self) -> Iterator[Reference]:
        """None."""
        return iter(())


_ALWAYS = _Always()


def contains(collection: Any, value: Any) -> Any:
    """The condition that `collection` (a list, or a reference to one) holds `value`. Plain values answer at once."""
    from milonga.dsl.references import Reference

    if not isinstance(collection, Reference) and not isinstance(value, Reference):
        return value in collection
    return Comparison("in", value, collection)
