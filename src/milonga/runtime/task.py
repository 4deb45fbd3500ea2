"""One attempt of one task: bind the inputs to a function's arguments, call it, write what it returned."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from milonga.dsl.artifacts.artifact import Artifact
from milonga.dsl.artifacts.placement import placed_by
from milonga.dsl.signature import ArtifactSchema, Input, Output, Signature, signature_of
from milonga.errors import TaskFailed
from milonga.runtime.placement import AssignedPlacement, local_path


def run_task(
    function: Callable[..., Any], executor_input: Mapping[str, Any], *, write_output: bool = True
) -> dict[str, Any]:
    """Call `function` with the inputs of `executor_input` and return KFP's ExecutorOutput.

    With `write_output` it also goes to `outputs.outputFile`, last and in one step: a reader sees all or nothing.

    Raises:
        TaskFailed: E411 an input does not fit the function, E412 it returned something that its signature does not say.
        Exception: whatever the function raises.
    """
    signature = signature_of(function)
    outputs = executor_input.get("outputs") or {}
    assigned = {
        name: local_path(entry["artifacts"][0])
        for name, entry in (outputs.get("artifacts") or {}).items()
        if entry.get("artifacts")
    }
    for path in assigned.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(str(outputs.get("outputFile") or "executor_output.json") + ".staging")
    arguments = _arguments(signature, executor_input.get("inputs") or {})
    with placed_by(AssignedPlacement(signature, assigned, staging)):
        result = function(**arguments)
    executor_output = _executor_output(function.__name__, signature, result, outputs, staging)
    if staging.exists():
        shutil.rmtree(staging, ignore_errors=True)
    if write_output and outputs.get("outputFile"):
        write_atomically(Path(outputs["outputFile"]), json.dumps(executor_output))
    return executor_output


def _arguments(signature: Signature, inputs: Mapping[str, Any]) -> dict[str, Any]:
    parameters: Mapping[str, Any] = inputs.get("parameterValues") or {}
    artifacts: Mapping[str, Any] = inputs.get("artifacts") or {}
    arguments: dict[str, Any] = {}
    for item in signature.inputs:
        if isinstance(item.schema, ArtifactSchema):
            entry = artifacts.get(item.name)
            if entry is not None and (entry.get("artifacts") or item.schema.is_list):
                arguments[item.name] = _artifact_argument(item.schema, entry.get("artifacts") or [])
            elif not item.required or item.schema.optional:
                arguments[item.name] = None
        elif item.name in parameters:
            arguments[item.name] = _parameter_argument(item, parameters[item.name])
        elif not item.required:
            arguments[item.name] = item.schema.decode(item.default)
        elif item.schema.optional:
            arguments[item.name] = None
    missing = [item.name for item in signature.inputs if item.name not in arguments]
    if missing:
        raise TaskFailed("E411", f"the task got no value for {', '.join(map(repr, missing))}")
    return arguments


def _parameter_argument(item: Input, value: Any) -> Any:
    if isinstance(item.schema, ArtifactSchema):
        raise AssertionError("called for parameters only")
    try:
        decoded = item.schema.decode(value)
        if decoded is not None or not item.schema.optional:
            item.schema.encode(decoded)  # raises when a back end has handed over something else
        return decoded
    except (TypeError, ValueError) as error:
        raise TaskFailed(
            "E411", f"input '{item.name}' does not fit", got=str(error), expected=item.schema.spelling
        ) from error


def _artifact_argument(schema: ArtifactSchema, entries: list[Mapping[str, Any]]) -> Any:
    made = [
        schema.artifact_class(
            name=str(entry.get("name", "")),
            uri=str(entry.get("uri", "")),
            metadata=dict(entry.get("metadata") or {}),
            path=local_path(entry),
        )
        for entry in entries
    ]
    return made if schema.is_list else made[0]


def _executor_output(
    function: str, signature: Signature, result: Any, outputs: Mapping[str, Any], staging: Path
) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    artifacts: dict[str, Any] = {}
    for output, value in _values(function, signature, result).items():
        where = f"output '{output.name}' of '{function}'"
        if isinstance(output.schema, ArtifactSchema):
            assigned = ((outputs.get("artifacts") or {}).get(output.name) or {}).get("artifacts") or [{}]
            artifacts[output.name] = {"artifacts": [_artifact_entry(where, output, value, assigned[0], staging)]}
        else:
            try:
                encoded = output.schema.encode(value)
            except (TypeError, ValueError) as error:
                raise TaskFailed(
                    "E412", f"{where} has the wrong type", got=str(error), expected=output.schema.spelling
                ) from error
            if encoded is not None:
                parameters[output.name] = encoded
    return {"parameterValues": parameters, "artifacts": artifacts}


def _values(function: str, signature: Signature, result: Any) -> dict[Output, Any]:
    if signature.returns == "nothing":
        return {}
    if signature.returns == "one":
        return {signature.outputs[0]: result}
    names = [output.name for output in signature.outputs]
    if not all(hasattr(result, name) for name in names):
        if isinstance(result, tuple) and len(result) == len(names):
            return dict(zip(signature.outputs, result, strict=True))
        raise TaskFailed(
            "E412",
            f"'{function}' returned something else than it declares",
            got=repr(result)[:200],
            expected=f"{names}",
        )
    return {output: getattr(result, output.name) for output in signature.outputs}


def _artifact_entry(
    where: str, output: Output, value: Any, assigned: Mapping[str, Any], staging: Path
) -> dict[str, Any]:
    if not isinstance(value, Artifact):
        raise TaskFailed(
            "E412",
            f"{where} is no artifact",
            got=repr(value)[:200],
            expected=output.schema.spelling,
            hint=f"make it with {output.schema.spelling}.create() and return it",
        )
    target = local_path(assigned) if assigned else value.path
    uri = str(assigned.get("uri", value.uri))
    if value.path != target:
        if staging in value.path.parents:
            if target.exists():
                shutil.rmtree(target) if target.is_dir() else target.unlink()
            shutil.move(str(value.path), str(target))
        else:
            uri = value.uri  # an input passed through, or content that lives elsewhere by the author's choice
            target = value.path
    metadata = {**(assigned.get("metadata") or {}), **value.metadata}
    declared = type(value)
    if declared.__module__.split(".")[:3] != ["milonga", "dsl", "artifacts"]:
        metadata.setdefault("milonga_type", declared.__name__)
    try:
        json.dumps(metadata, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TaskFailed("E412", f"the metadata of {where} has no JSON form", got=str(error)) from error
    entry = {"name": assigned.get("name") or output.name, "uri": uri, "metadata": metadata}
    if assigned.get("type"):
        entry["type"] = assigned["type"]
    return entry


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that it is either absent or complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


__all__ = ["run_task", "write_atomically"]
