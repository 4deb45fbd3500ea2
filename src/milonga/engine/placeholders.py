"""KFP's run-time placeholders, `{{$.inputs.parameters['x']}}` and their kin.

Only text of the pipeline file is searched, never a value: what a parameter holds is data, whatever it looks like.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.errors import RunError

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


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
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
    if rest in (".uri", ".path", ".name"):
        return first.get("uri" if rest != ".name" else "name", "")
    if rest == "":
        return {key: first.get(key) for key in ("name", "uri", "metadata", "type") if key in first}
    raise RunError("E433", "a placeholder that is not known", where=whole, expected=".uri, .path, .metadata['key']")
