"""What components and pipelines share: a name, a typed signature, and what a call inside a pipeline means.

Ownership: one object a decorated function; immutable; thread-safe. What may never change: a call inside a pipeline
records a task and returns references; `options` returns a new object and leaves this one as it is.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import re
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

from milonga.dsl.options import Options, make_options
from milonga.dsl.parameters import ParameterSchema
from milonga.dsl.places import Place, callers_place, place_of_code
from milonga.dsl.recording import Recorder, TaskCall
from milonga.dsl.references import Reference, TaskOutputs, outputs_of
from milonga.dsl.signature import ArtifactSchema, Input, Signature, signature_of, spelled

P = ParamSpec("P")
R = TypeVar("R")

_POISON = object()
"""Stands for an argument that was wrong and has been reported."""


class Definition(Generic[P, R]):
    """A decorated function.

    Args:
        function: the author's function.
        options: what each of its tasks asks for unless a call says otherwise.
    """

    noun = "component"

    def __init__(self, function: Callable[P, R], options: Options | None = None, *, name: str = "") -> None:
        self.function = function
        self.task_options = options or Options()
        self.name = kebab(name or getattr(function, "__name__", "component"))
        self.place: Place = place_of_code(function.__code__)
        self.signature: Signature = signature_of(function)
        functools.update_wrapper(self, function, updated=())  # type: ignore[arg-type]

    @property
    def description(self) -> str:
        """The docstring up to its first section."""
        text = (self.function.__doc__ or "").strip()
        return re.split(r"\n\s*(?:Args|Arguments|Returns|Raises|Yields|Attributes):\s*\n", text)[0].strip()

    def _copy_with(self, options: Options) -> Any:
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy.task_options = options
        return copy

    def _with_options(self, values: dict[str, Any]) -> Any:
        what = f"{self.noun} '{self.name}'"
        options = make_options(values, where=str(callers_place()), what=what)
        return self._copy_with(self.task_options.merged(options))

    def record(self, recorder: Recorder, args: tuple[Any, ...], kwargs: dict[str, Any], place: Place) -> TaskCall:
        """Remember a call with these arguments as a task; every mistake in them becomes a finding."""
        arguments = self._bind(recorder, args, kwargs, place)
        task = TaskCall(self, arguments, self.task_options, recorder.group, place)
        wanted = self.task_options.name
        task.name, task.explicit_name = (wanted, True) if wanted else (_free_name(self.name, recorder), False)
        recorder.add_task(task)
        return task

    def _call_in_pipeline(self, recorder: Recorder, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        task = self.record(recorder, args, kwargs, callers_place())
        return outputs_of(task, self.signature)

    def _bind(self, recorder: Recorder, args: tuple[Any, ...], kwargs: dict[str, Any], place: Place) -> dict[str, Any]:
        inputs = self.signature.inputs
        if len(args) > len(inputs):
            recorder.add_finding(
                "E110", f"'{self.name}' takes {len(inputs)} arguments, but {len(args)} were given", place=place
            )
        given = dict(zip((item.name for item in inputs), args, strict=False))
        names = [item.name for item in inputs]
        for name, value in kwargs.items():
            if name in given:
                recorder.add_finding("E110", f"'{self.name}' got '{name}' twice", place=place)
            elif name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"its inputs are: {', '.join(names) or 'none'}"
                recorder.add_finding("E111", f"'{self.name}' has no input '{name}'", place=place, hint=hint)
            else:
                given[name] = value
        for item in inputs:
            status = isinstance(item.schema, ParameterSchema) and item.schema.kind == "TASK_FINAL_STATUS"
            if item.required and item.name not in given and not status:
                recorder.add_finding(
                    "E112",
                    f"'{self.name}' misses its argument '{item.name}'",
                    place=place,
                    expected=f"{item.name}: {spelled(item.schema)}",
                )
        checked = {
            item.name: self._check(recorder, item, given[item.name], place) for item in inputs if item.name in given
        }
        return {name: value for name, value in checked.items() if value is not _POISON}

    def _check(self, recorder: Recorder, item: Input, value: Any, place: Place) -> Any:
        problem = _problem(item, value)
        if problem is None:
            is_plain = isinstance(item.schema, ParameterSchema) and not isinstance(value, Reference)
            return item.schema.encode(value) if is_plain else value  # type: ignore[union-attr]
        got, hint = problem
        recorder.add_finding(
            "E113",
            f"wrong type for input '{item.name}' of '{self.name}'",
            place=place,
            got=got,
            expected=spelled(item.schema),
            hint=hint,
        )
        return _POISON

    def _repr_html_(self) -> str:
        """What a notebook shows. Pages are made layers above this one, so their module is loaded by its name."""
        page: str = importlib.import_module("milonga.reporting.notebook").definition_html(self)
        return page

    def to_kfp(self) -> Any:
        """A kfp component that does the same, for use in kfp's own pipelines; see `milonga.compiler.interop.to_kfp`.

        The compiler stands above the language, which may know it by its name only.

        Raises:
            AuthoringError: mistakes in the pipeline.
            MissingExtra: E910, kfp is not installed.
        """
        return importlib.import_module("milonga.compiler.interop").to_kfp(self)

    def __repr__(self) -> str:
        inputs = ", ".join(f"{item.name}: {spelled(item.schema)}" for item in self.signature.inputs)
        outputs = ", ".join(f"{item.name}: {spelled(item.schema)}" for item in self.signature.outputs)
        return f"<{self.noun} {self.name}({inputs}) -> {outputs or 'None'}>"


def _problem(item: Input, value: Any) -> tuple[str, str] | None:
    """Why `value` cannot be given to `item`: what was got, and a hint."""
    schema = item.schema
    if isinstance(value, TaskOutputs):
        names = ", ".join(value._references)
        return f"all outputs of task '{value._task.name}'", f"choose one: {names}" if names else "it has no outputs"
    if isinstance(value, Reference):
        if value.schema is None:
            return None
        if isinstance(value.schema, ArtifactSchema) != isinstance(schema, ArtifactSchema):
            return f"{value.label}: {value.spelling}", ""
        reason = schema.accepts(value.schema)  # type: ignore[arg-type]
        hint = "a component in between can convert or handle None" if reason and "None" in reason else ""
        return (f"{value.label}: {value.spelling} ({reason})", hint) if reason else None
    if isinstance(schema, ArtifactSchema):
        if value is None and schema.optional:
            return None
        hint = "an artifact comes from a task, a pipeline input or ml.importer(...)"
        return f"{value!r} ({type(value).__name__})", hint
    if _holds_reference(value):
        return "a reference inside a list or dict", "pass it by itself, or build the list in a component"
    try:
        schema.encode(value)
    except (TypeError, ValueError) as error:
        return str(error), ""
    return None


def _holds_reference(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_reference(item) for item in value)
    if isinstance(value, dict):
        return any(_holds_reference(item) for item in value.values())
    return isinstance(value, (Reference, TaskOutputs))


def _free_name(wanted: str, recorder: Recorder) -> str:
    count = recorder.name_counts.get(wanted, 0) + 1
    recorder.name_counts[wanted] = count
    return wanted if count == 1 else f"{wanted}-{count}"


def kebab(name: str) -> str:
    """A function's name in the form that task and component names have everywhere: `train_big` → `train-big`."""
    text = re.sub(r"[^a-z0-9]+", "-", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()).strip("-")
    return text or "component"


__all__ = ["Definition", "P", "R", "kebab"]
