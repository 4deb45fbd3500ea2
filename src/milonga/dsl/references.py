"""Values that exist only when the pipeline runs, as they appear in a pipeline's body.

A reference stands where the declared type stands for the type checker; at trace time it answers comparisons with
conditions, `[...]` with a reference to a part, and refuses everything that would need the value itself.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator
from typing import Any

from milonga.dsl.conditions import Comparison, Condition, Joined, Negated, as_condition
from milonga.dsl.parameters import Kind, ParameterSchema, parameter_schema
from milonga.dsl.recording import Group, TaskCall, report
from milonga.dsl.signature import ArtifactSchema, Output, Signature

Schema = ParameterSchema | ArtifactSchema | None


class Reference:
    """A value of the run. `source` says whose it is: a task, the pipeline (its root group) or a loop.

    Attributes:
        source: the producer.
        output: name of the output, input or loop item.
        schema: its declared type, None where it is not known.
        selector: keys and positions from the value down to a part of it.
    """

    __slots__ = ("output", "schema", "selector", "source")
    __hash__ = object.__hash__

    def __init__(
        self, source: TaskCall | Group, output: str, schema: Schema, selector: tuple[str | int, ...] = ()
    ) -> None:
        self.source = source
        self.output = output
        self.schema = schema
        self.selector = selector

    @property
    def label(self) -> str:
        """What a message calls it."""
        part = "".join(f"[{key!r}]" for key in self.selector)
        if isinstance(self.source, TaskCall):
            return f"output '{self.output}' of task '{self.source.name}'{part}"
        if self.source.kind == "loop":
            return f"the item of loop '{self.source.name}'{part}"
        return f"pipeline input '{self.output}'{part}"

    @property
    def spelling(self) -> str:
        """Its type, as the author would write it."""
        return self.schema.spelling if self.schema is not None else "of unknown type"

    @property
    def is_artifact(self) -> bool:
        """Whether it is an artifact rather than a parameter."""
        return isinstance(self.schema, ArtifactSchema)

    @property
    def parameter_kind(self) -> Kind | None:
        """The KFP type of a parameter, None when unknown or an artifact."""
        return self.schema.kind if isinstance(self.schema, ParameterSchema) else None

    # Conditions ------------------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> Any:
        return self._compare("==", other)

    def __ne__(self, other: object) -> Any:
        return self._compare("!=", other)

    def __lt__(self, other: object) -> Any:
        return self._compare("<", other)

    def __le__(self, other: object) -> Any:
        return self._compare("<=", other)

    def __gt__(self, other: object) -> Any:
        return self._compare(">", other)

    def __ge__(self, other: object) -> Any:
        return self._compare(">=", other)

    def _compare(self, operator: Any, other: object) -> Condition:
        if self.is_artifact or (isinstance(other, Reference) and other.is_artifact):
            report("E123", f"{self.label} is an artifact, and artifacts have no order", hint="compare a parameter")
        elif other is not None and not isinstance(other, (Reference, str, int, float, bool)):
            report(
                "E123",
                f"{self.label} is compared with {other!r}",
                expected="a str, int, float, bool or another parameter",
            )
        return Comparison(operator, self, other)

    def __and__(self, other: Any) -> Condition:
        return Joined("&&", as_condition(self), as_condition(other))

    def __rand__(self, other: Any) -> Condition:
        return Joined("&&", as_condition(other), as_condition(self))

    def __or__(self, other: Any) -> Condition:
        return Joined("||", as_condition(self), as_condition(other))

    def __ror__(self, other: Any) -> Condition:
        return Joined("||", as_condition(other), as_condition(self))

    def __invert__(self) -> Condition:
        return Negated(as_condition(self))

    # Parts -----------------------------------------------------------------------------------------------------

    def __getitem__(self, key: str | int) -> Reference:
        kind = self.parameter_kind
        if self.is_artifact or kind not in (None, "STRUCT", "LIST") or (kind == "LIST") == isinstance(key, str):
            report("E124", f"{self.label} is {self.spelling} and has no part {key!r}")
        item = self.schema.item if isinstance(self.schema, ParameterSchema) else None
        return Reference(self.source, self.output, item, (*self.selector, key))

    def __getattr__(self, name: str) -> Reference:
        if name.startswith("_"):
            raise AttributeError(name)
        annotation = self.schema.annotation if isinstance(self.schema, ParameterSchema) else None
        if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
            hints = {field.name: field.type for field in dataclasses.fields(annotation)}
            if name in hints:
                import typing

                part = parameter_schema(typing.get_type_hints(annotation)[name])
                return Reference(self.source, self.output, part, (*self.selector, name))
            _report_unknown(self.label, name, list(hints))
        elif self.is_artifact:
            report(
                "E125",
                f"'.{name}' of {self.label}, whose content exists only when the pipeline runs",
                hint="pass the artifact to a component and read it there",
            )
        else:
            report("E126", f"{self.label} is {self.spelling} and has no attribute '{name}'")
        return Reference(self.source, self.output, None, self.selector)

    # What needs the value itself -------------------------------------------------------------------------------

    def __bool__(self) -> bool:
        report(
            "E120",
            f"a plain 'if', 'and', 'or' or 'not' on {self.label}, which is known only when the pipeline runs",
            hint="use 'with ml.If(...)', and join conditions with &, | and ~",
        )
        return True

    def __format__(self, spec: str) -> str:
        return self._refuse_text("an f-string")

    def __str__(self) -> str:
        return self._refuse_text("str()")

    def __repr__(self) -> str:
        return f"<{self.label}: {self.spelling}>"

    def _refuse_text(self, how: str) -> str:
        report(
            "E127",
            f"{how} on {self.label}, which is known only when the pipeline runs",
            hint="pass the value to a component and build the text there",
        )
        return "<reference>"

    def __iter__(self) -> Iterator[Any]:
        report(
            "E128",
            f"a plain loop, unpacking or list() over {self.label}, which is known only when the pipeline runs",
            hint="use 'with ml.ParallelFor(...) as item:'",
        )
        return iter(())

    def __len__(self) -> int:
        report("E128", f"len() of {self.label}, which is known only when the pipeline runs")
        return 0

    def __contains__(self, value: object) -> bool:
        report("E120", f"'in' on {self.label}", hint="write ml.contains(items, value)")
        return True

    def _refuse_number(self, *_: Any) -> Any:
        report(
            "E129",
            f"arithmetic on {self.label}, which is known only when the pipeline runs",
            hint="compute it in a component",
        )
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse_number
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = (
        _refuse_number
    )

    def __int__(self) -> int:
        self._refuse_number()
        return 0

    def __float__(self) -> float:
        self._refuse_number()
        return 0.0

    def __index__(self) -> int:
        if self.is_artifact:  # open() asks for a file descriptor before it asks for a path
            self.__fspath__()
        self._refuse_number()
        raise TypeError("not a whole number while the pipeline is traced")  # any number would be a valid descriptor

    def __fspath__(self) -> str:
        self._refuse_text("a path")
        raise TypeError("not a path while the pipeline is traced")  # any text would be a valid path


class CollectedReference(Reference):
    """All values that the loops around `inner` made of it, in iteration order.

    Attributes:
        inner: the value inside of the loops.
        depth: how many loops it leaves; each makes a list of what the one inside of it made.
        layers: how often `Collected` was written, at most `depth`.
    """

    __slots__ = ("depth", "inner", "layers")
    __hash__ = object.__hash__

    def __init__(self, inner: Reference, depth: int = 1, layers: int = 1) -> None:
        schema: Schema = inner.schema
        if isinstance(schema, ArtifactSchema):
            schema = dataclasses.replace(schema, is_list=True)
        else:
            for _ in range(max(depth, 1)):
                annotation: Any = list[schema.annotation] if schema is not None else list  # type: ignore[name-defined]
                schema = ParameterSchema("LIST", annotation, item=schema)
        super().__init__(inner.source, inner.output, schema)
        self.inner, self.depth, self.layers = inner, depth, layers

    @property
    def label(self) -> str:
        """What a message calls it."""
        return f"Collected({self.inner.label})"


class OneOfReference(Reference):
    """The value of whichever branch ran."""

    __slots__ = ("alternatives",)
    __hash__ = object.__hash__

    def __init__(self, alternatives: tuple[Reference, ...]) -> None:
        first = alternatives[0]
        super().__init__(first.source, first.output, first.schema)
        self.alternatives = alternatives

    @property
    def label(self) -> str:
        """What a message calls it."""
        return "OneOf(" + ", ".join(alternative.label for alternative in self.alternatives) + ")"


class TaskOutputs:
    """The outputs of a task with several, or with none: attributes, positions and unpacking, as the NamedTuple has.

    A name that is no identifier, as components of other systems have, is a key: `outputs["my name"]`.
    """

    __slots__ = ("_references", "_task")

    def __init__(self, task: TaskCall, references: dict[str, Reference]) -> None:
        self._task = task
        self._references = references

    def __getattr__(self, name: str) -> Reference:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._named(name)

    def _named(self, name: str) -> Reference:
        if name in self._references:
            return self._references[name]
        _report_unknown(f"task '{self._task.name}'", name, list(self._references))
        return Reference(self._task, name, None)

    def __iter__(self) -> Iterator[Reference]:
        return iter(self._references.values())

    def __len__(self) -> int:
        return len(self._references)

    def __getitem__(self, key: int | str) -> Reference:
        return self._named(key) if isinstance(key, str) else list(self._references.values())[key]

    def __repr__(self) -> str:
        return f"<outputs of task '{self._task.name}': {', '.join(self._references) or 'none'}>"


def _report_unknown(what: str, name: str, known: list[str]) -> None:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"it has: {', '.join(known) or 'nothing'}"
    report("E130", f"{what} has no output '{name}'", hint=hint)


def outputs_of(task: TaskCall, signature: Signature) -> Any:
    """What a call in a pipeline returns: a reference, or the named outputs."""
    references = {output.name: Reference(task, output.name, output.schema) for output in signature.outputs}
    return references[signature.outputs[0].name] if signature.returns == "one" else TaskOutputs(task, references)


def task_of(value: Any) -> TaskCall | None:
    """The task behind a value of a pipeline's body, if any."""
    if isinstance(value, TaskOutputs):
        return value._task
    if isinstance(value, Reference) and isinstance(value.source, TaskCall):
        return value.source
    return None


__all__ = ["CollectedReference", "OneOfReference", "Output", "Reference", "TaskOutputs", "outputs_of", "task_of"]
