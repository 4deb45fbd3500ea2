"""A function's inputs and outputs, as a component declares them.

Built once from annotations, then immutable. Knows nothing about pipelines. Travels into every task.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from milonga.dsl.artifacts.artifact import Artifact
from milonga.dsl.parameters import ParameterSchema, parameter_schema, require_schema, spell
from milonga.dsl.places import place_of_code
from milonga.errors import AuthoringError

SINGLE_OUTPUT = "Output"
"""The name that KFP gives to the only output of a Python component."""


class _Missing:
    """Marks an input without a default."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


@dataclass(frozen=True, slots=True)
class ArtifactSchema:
    """An artifact class at a border, or a list of such artifacts."""

    artifact_class: type[Artifact]
    is_list: bool = False
    optional: bool = False

    @property
    def spelling(self) -> str:
        """The annotation as its author would write it."""
        name = self.artifact_class.__name__
        name = f"list[{name}]" if self.is_list else name
        return f"Optional[{name}]" if self.optional else name

    def accepts(self, other: ArtifactSchema) -> str | None:
        """Why `other` cannot stand here, or None. A subclass may stand for its base; `Artifact` takes any."""
        if self.is_list != other.is_list:
            return f"{other.spelling} is not {self.spelling}"
        if self.artifact_class is Artifact or issubclass(other.artifact_class, self.artifact_class):
            return None
        if other.artifact_class.__name__ == self.artifact_class.__name__:
            return None  # a class that was defined again by running a notebook cell again
        return f"{other.spelling} is not a kind of {self.spelling}"


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a component or pipeline. `default` is `MISSING` when it must be given."""

    name: str
    schema: ParameterSchema | ArtifactSchema
    default: Any = MISSING
    description: str = ""

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is MISSING

    @property
    def has_value_by_default(self) -> bool:
        """Whether an input that a call leaves out is something else than None."""
        return self.default is not MISSING and self.default is not None


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a component or pipeline."""

    name: str
    schema: ParameterSchema | ArtifactSchema
    description: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """Inputs and outputs in declared order.

    Attributes:
        returns: "nothing", "one" value, or a "tuple" of named values.
        result_class: the NamedTuple or dataclass of the outputs, for "tuple".
    """

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    returns: Literal["nothing", "one", "tuple"]
    result_class: Any = None

    def input(self, name: str) -> Input | None:
        """The input of that name."""
        return next((candidate for candidate in self.inputs if candidate.name == name), None)


def artifact_schema(annotation: Any) -> ArtifactSchema | None:
    """The artifact schema of `annotation`, or None when it is no artifact."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return artifact_schema(arguments[0])
    if origin is list and len(arguments) == 1:
        inner = artifact_schema(arguments[0])
        return dataclasses.replace(inner, is_list=True) if inner and not inner.is_list else None
    if type(None) in arguments and len(arguments) == 2:
        inner = artifact_schema(next(argument for argument in arguments if argument is not type(None)))
        return dataclasses.replace(inner, optional=True) if inner else None
    if isinstance(annotation, type) and not arguments and issubclass(annotation, Artifact):
        return ArtifactSchema(annotation)
    return None


@functools.lru_cache(maxsize=1024)
def signature_of(function: Callable[..., Any]) -> Signature:
    """Read the signature of a component's or pipeline's function.

    Raises:
        AuthoringError: E101 an input without annotation, E102 `*args` or `**kwargs`, E103 a type that cannot
            cross a task border, E104 annotations that cannot be evaluated.
    """
    name = getattr(function, "__name__", "component")
    where = str(place_of_code(function.__code__))
    hints = _hints(function, name, where)
    descriptions = _argument_descriptions(function.__doc__ or "")
    inputs = tuple(
        _input(name, parameter, hints, descriptions, where)
        for parameter in inspect.signature(function).parameters.values()
    )
    outputs, returns, result_class = _outputs(name, hints.get("return"), where)
    return Signature(inputs, outputs, returns, result_class)


def _hints(function: Callable[..., Any], name: str, where: str) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception as error:
        raise AuthoringError(
            "E104",
            f"the annotations of '{name}' cannot be evaluated",
            where=where,
            got=f"{type(error).__name__}: {error}",
            hint="import every type that the signature names at the top of the module, not under TYPE_CHECKING",
        ) from error


def _input(
    function: str, parameter: inspect.Parameter, hints: dict[str, Any], descriptions: dict[str, str], where: str
) -> Input:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
        raise AuthoringError(
            "E102",
            f"'{function}' takes {stars}{parameter.name}, and a component's inputs must be known by name",
            where=where,
            hint="name each input, or take one list or dict",
        )
    if parameter.name not in hints:
        raise AuthoringError(
            "E101",
            f"input '{parameter.name}' of '{function}' has no type",
            where=where,
            expected=f"{parameter.name}: int, str, Dataset, ...",
            hint="annotate every input: the type is how milonga checks the wiring and converts the value",
        )
    annotation = hints[parameter.name]
    what = f"input '{parameter.name}' of '{function}'"
    schema = artifact_schema(annotation) or require_schema(annotation, where=where, what=what)
    default = MISSING if parameter.default is parameter.empty else parameter.default
    if default is not MISSING:
        schema, default = _checked_default(what, schema, default, where)
    return Input(parameter.name, schema, default, descriptions.get(parameter.name, ""))


def _checked_default(
    what: str, schema: ParameterSchema | ArtifactSchema, default: Any, where: str
) -> tuple[ParameterSchema | ArtifactSchema, Any]:
    if default is None:  # `x: int = None` is a common way to say Optional[int]
        return dataclasses.replace(schema, optional=True), None
    if isinstance(schema, ArtifactSchema):
        raise AuthoringError("E105", f"the default of {what} must be None, since it is an artifact", where=where)
    if schema.kind == "TASK_FINAL_STATUS":
        return schema, None
    try:
        return schema, schema.encode(default)
    except (TypeError, ValueError) as error:
        raise AuthoringError(
            "E105", f"the default of {what} is not of its type", where=where, got=str(error), expected=schema.spelling
        ) from None


def _outputs(
    function: str, annotation: Any, where: str
) -> tuple[tuple[Output, ...], Literal["nothing", "one", "tuple"], Any]:
    if annotation is None or annotation is type(None):
        return (), "nothing", None
    is_named_tuple = isinstance(annotation, type) and issubclass(annotation, tuple) and hasattr(annotation, "_fields")
    is_record = is_named_tuple or (isinstance(annotation, type) and dataclasses.is_dataclass(annotation))
    if is_record:
        hints = typing.get_type_hints(annotation, include_extras=True)
        record: Any = annotation
        fields = record._fields if is_named_tuple else [field.name for field in dataclasses.fields(record)]
        outputs = tuple(Output(name, _output_schema(function, name, hints[name], where)) for name in fields)
        return outputs, "tuple", annotation
    return (Output(SINGLE_OUTPUT, _output_schema(function, SINGLE_OUTPUT, annotation, where)),), "one", None


def _output_schema(function: str, name: str, annotation: Any, where: str) -> ParameterSchema | ArtifactSchema:
    what = f"output '{name}' of '{function}'"
    schema = artifact_schema(annotation)
    if schema is not None and (schema.is_list or schema.optional):
        raise AuthoringError(
            "E107",
            f"{what} is no single artifact",
            where=where,
            got=schema.spelling,
            expected=schema.artifact_class.__name__,
            hint="make one artifact a task, and gather those of a loop with ml.Collected(...)",
        )
    return schema or require_schema(annotation, where=where, what=what)


def _argument_descriptions(docstring: str) -> dict[str, str]:
    """The texts under `Args:` of a Google-style docstring, by argument name."""
    descriptions: dict[str, str] = {}
    current, inside = "", False
    for line in inspect.cleandoc(docstring).splitlines():
        if line.strip() in ("Args:", "Arguments:"):
            inside = True
        elif inside and line and not line.startswith(" "):
            break
        elif inside and line.startswith("    ") and not line.startswith("     ") and ":" in line:
            current, _, text = line.strip().partition(":")
            current = current.split("(")[0].strip()
            descriptions[current] = text.strip()
        elif inside and current and line.strip():
            descriptions[current] += " " + line.strip()
    return descriptions


def spelled(schema: ParameterSchema | ArtifactSchema) -> str:
    """The annotation behind any schema."""
    return schema.spelling


__all__ = [
    "MISSING",
    "SINGLE_OUTPUT",
    "ArtifactSchema",
    "Input",
    "Output",
    "Signature",
    "artifact_schema",
    "parameter_schema",
    "signature_of",
    "spell",
    "spelled",
]
