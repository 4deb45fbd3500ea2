"""Typed command line flags from a pipeline's own inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from milonga.cli.sources import Source
from milonga.compiler.graph import InputParameter, wire
from milonga.dsl.parameters import ParameterSchema, parameter_schema, parse_argument
from milonga.dsl.signature import ArtifactSchema

_ANNOTATIONS: dict[str, Any] = {
    "NUMBER_INTEGER": int,
    "NUMBER_DOUBLE": float,
    "STRING": str,
    "BOOLEAN": bool,
    "LIST": list,
    "STRUCT": dict,
}


@dataclass(frozen=True, slots=True)
class InputFlag:
    """One input of a pipeline as a flag. `schema` is None for an artifact, which is given as a path."""

    name: str
    schema: ParameterSchema | None
    spelling: str
    default: Any
    required: bool
    description: str


class _Value(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A value in the input's own type."""

    def __init__(self, flag: InputFlag) -> None:
        self.flag = flag
        self.name = flag.spelling

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if self.flag.schema is None or not isinstance(value, str):
            return value
        try:
            return parse_argument(self.flag.schema, value)
        except (TypeError, ValueError) as error:
            self.fail(str(error), param, ctx)


def input_flags(source: Source) -> Iterator[InputFlag]:
    """The inputs of a pipeline in declared order."""
    if source.signature is not None:
        for item in source.signature.inputs:
            schema = None if isinstance(item.schema, ArtifactSchema) else item.schema
            default = None if item.required else item.default
            yield InputFlag(item.name, schema, item.schema.spelling, default, item.required, item.description)
        return
    root = source.graph.root
    for name, declared in root.input_parameters.items():
        found = parameter_schema(_ANNOTATIONS.get(declared.parameter_type or "STRING", str))
        required = declared.default_value is None and not declared.is_optional
        spelling = found.spelling if found else "str"
        yield InputFlag(name, found, spelling, _default(declared), required, declared.description or "")
    for name, artifact in root.input_artifacts.items():
        title = (artifact.artifact_type.schema_title if artifact.artifact_type else None) or "system.Artifact"
        yield InputFlag(name, None, title, None, not artifact.is_optional, artifact.description or "")


def _default(declared: InputParameter) -> Any:
    """A default as the author would write it: the numbers of a pipeline file may all be doubles."""
    value = wire.plain(declared.default_value)
    is_whole = declared.parameter_type == "NUMBER_INTEGER" and isinstance(value, float) and value.is_integer()
    return int(value) if is_whole else value


def click_options(source: Source, taken: set[str]) -> list[click.Parameter]:
    """One option an input; a name that is no identifier, or that an own option has, is left to `--set NAME=VALUE`."""
    options: list[click.Parameter] = []
    for flag in input_flags(source):
        option = "--" + flag.name.replace("_", "-")
        if option in taken or not flag.name.isidentifier():
            continue
        names = [option, *([f"--{flag.name}"] if "_" in flag.name else []), f"input_{flag.name}"]
        options.append(
            click.Option(names, type=_Value(flag), default=None, metavar=flag.spelling.upper(), help=_help(flag))
        )
    return options


def _help(flag: InputFlag) -> str:
    kind = flag.spelling if flag.schema is not None else f"path or URI of a {flag.spelling}"
    state = "required" if flag.required else f"default: {flag.default!r}"
    return f"{flag.description} [{kind}; {state}]".strip()
