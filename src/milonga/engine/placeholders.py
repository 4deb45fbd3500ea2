"""KFP's run-time placeholders, `{{$.inputs.parameters['x']}}` and their kin.

Only text of the pipeline file is searched, never a value: what a parameter holds is data, whatever it looks like.
The back end's launcher is the model (`getPlaceholders` in backend/src/v2/component/launcher_v2.go), and its driver for
the JSON objects `IfPresent` and `Concat` in the arguments of a container.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.errors import RunError
from milonga.runtime.placement import local_path

_PLACEHOLDER = re.compile(r"\{\{\$(.*?)\}\}", re.DOTALL)
_PATH = re.compile(
    r"\.(?P<border>inputs|outputs)\.(?P<what>parameters|artifacts)\[(?P<quote>['\"])(?P<name>.*?)(?P=quote)\](?P<rest>.*)",
    re.DOTALL,
)
_METADATA = re.compile(r"\.metadata(?:\[(?P<quote>['\"])(?P<key>.*?)(?P=quote)\])?")


@dataclass(frozen=True, slots=True)
class PlaceholderContext:
    """Everything that a placeholder may ask for.

    Attributes:
        names: run-level values by placeholder name (`pipeline_job_name`, `pipeline_task_name`, ...).
        parameters: input parameters of the task.
        executor_input: KFP's ExecutorInput, where the place is inside a step.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    executor_input: Mapping[str, Any] = field(default_factory=dict)


def resolve_text(text: str, context: PlaceholderContext) -> str:
    """`text` with every placeholder replaced, in one pass.

    Raises:
        RunError: E433, a placeholder names something that does not exist.
    """
    return _PLACEHOLDER.sub(lambda match: _text(_resolve(match.group(1), match.group(0), context)), text)


def resolve_arguments(texts: Iterable[str], context: PlaceholderContext) -> list[str]:
    """The command line of a container: an argument that is a JSON object `IfPresent` or `Concat` becomes none, one or
    several arguments; in all others the placeholders are replaced.

    Raises:
        RunError: E433, a placeholder names something that does not exist, or is not made as it should be.
    """
    return [argument for text in texts for argument in _arguments(_structure(text), context, text)]


def _structure(text: str) -> Any:
    """The JSON object that stands for a text, or the text itself. Read before anything is filled in."""
    if not text.lstrip().startswith(('{"IfPresent"', '{"Concat"')):
        return text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if len(found) == 1 else text


def _arguments(element: Any, context: PlaceholderContext, whole: str) -> Iterator[str]:
    if isinstance(element, str):
        yield resolve_text(element, context)
        return
    if isinstance(element, list):
        for item in element:
            yield from _arguments(item, context, whole)
        return
    if isinstance(element, dict) and isinstance(element.get("Concat"), list):
        yield "".join(_arguments(element["Concat"], context, whole))
        return
    condition = element.get("IfPresent") if isinstance(element, dict) else None
    if not isinstance(condition, dict) or not isinstance(condition.get("InputName"), str):
        raise RunError("E433", "a placeholder that is not known", where=whole, expected="IfPresent or Concat")
    chosen = condition.get("Then" if _is_present(condition["InputName"], context) else "Else")
    if chosen is not None:
        yield from _arguments(chosen, context, whole)


def _is_present(name: str, context: PlaceholderContext) -> bool:
    inputs = context.executor_input.get("inputs") or {}
    parameters = context.parameters or inputs.get("parameterValues") or {}
    return parameters.get(name) is not None or bool(((inputs.get("artifacts") or {}).get(name) or {}).get("artifacts"))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        from decimal import Decimal

        return f"{Decimal(repr(value)):f}".removesuffix(".0")  # as Go formats it: no exponent, no trailing zero
    return json.dumps(value)


def _resolve(inner: str, whole: str, context: PlaceholderContext) -> Any:
    if inner == "":
        return json.dumps(context.executor_input)
    if inner.startswith(".json_escape"):  # a historical form: the value as the inside of a JSON string
        return json.dumps(_text(_resolve(inner[inner.index("]") + 1 :], whole, context)))[1:-1]
    path = _PATH.fullmatch(inner)
    if path is not None:
        return _resolve_path(path, whole, context)
    name = inner.lstrip(".")
    if name == "outputs.output_file":
        return (context.executor_input.get("outputs") or {}).get("outputFile", "")
    if name in context.names:
        return context.names[name]
    raise RunError(
        "E433", "a placeholder that is not known", where=whole, expected=", ".join(sorted(context.names)) or "none here"
    )


def _resolve_path(path: re.Match[str], whole: str, context: PlaceholderContext) -> Any:
    border, what, name, rest = path.group("border", "what", "name", "rest")
    part = context.executor_input.get(border) or {}
    if what == "parameters":
        if border == "inputs":
            values = context.parameters or part.get("parameterValues") or {}
            if name in values:
                return values[name]
        elif name in (part.get("parameters") or {}):
            return part["parameters"][name]["outputFile"]
        raise RunError("E433", f"a placeholder for {border[:-1]} parameter '{name}', which has no value", where=whole)
    artifacts = ((part.get("artifacts") or {}).get(name) or {}).get("artifacts") or []
    if not artifacts:
        raise RunError("E433", f"a placeholder for {border[:-1]} artifact '{name}', which does not exist", where=whole)
    first = artifacts[0]
    metadata = _METADATA.fullmatch(rest)
    if metadata is not None:
        values = first.get("metadata") or {}
        return values if metadata.group("key") is None else values.get(metadata.group("key"), "")
    if rest == ".path":
        return str(local_path(first))
    if rest in (".uri", ".name"):
        return first.get(rest[1:], "")
    if rest == "":
        return {key: first.get(key) for key in ("name", "uri", "metadata", "type") if key in first}
    raise RunError("E433", "a placeholder that is not known", where=whole, expected=".uri, .path, .metadata['key']")
