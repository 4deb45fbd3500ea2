"""The arguments of a run, checked against the pipeline's own inputs before anything starts."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.compiler.graph import Component, InputParameter
from milonga.compiler.graph.component import PARAMETER_SPELLING, schema_title
from milonga.dsl.artifacts.artifact import Artifact
from milonga.dsl.parameters import ParameterSchema, to_json
from milonga.dsl.signature import Signature
from milonga.engine.content import digest_path
from milonga.engine.values import Bundle, coerce, fits
from milonga.errors import UsageError
from milonga.lineage.records import ArtifactRecord


def root_inputs(component: Component, arguments: Mapping[str, Any], signature: Signature | None = None) -> Bundle:
    """`arguments` as inputs of a pipeline's root. Artifacts are given as paths, URIs or artifact objects.

    Raises:
        UsageError: E902 an unknown name, E903 a missing value, E904 a value of the wrong type.
    """
    bundle = Bundle()
    names = [*component.input_parameters, *component.input_artifacts]
    for name, value in arguments.items():
        if name in component.input_parameters:
            checked = _parameter(name, component.input_parameters[name], value)
            _require_choice(name, checked, signature)
            if checked is not None:
                bundle.parameters[name] = checked
        elif name in component.input_artifacts:
            title = schema_title(component.input_artifacts[name].artifact_type)
            bundle.artifacts[name] = _artifact(name, title, value)
        else:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"it takes: {', '.join(names) or 'nothing'}"
            raise UsageError("E902", f"the pipeline has no input '{name}'", hint=hint)
    _require(component, bundle)
    return bundle


def _require_choice(name: str, value: Any, signature: Signature | None) -> None:
    declared = signature.input(name) if signature is not None else None
    choices = declared.schema.literals if declared and isinstance(declared.schema, ParameterSchema) else ()
    if choices and value is not None and value not in choices:
        raise UsageError(
            "E904", f"input '{name}' is none of its values", got=repr(value), expected=", ".join(map(repr, choices))
        )


def _require(component: Component, bundle: Bundle) -> None:
    missing = [
        name
        for name, declared in component.input_parameters.items()
        if name not in bundle.parameters and declared.default_value is None and not declared.is_optional
    ]
    missing += [
        name
        for name, artifact in component.input_artifacts.items()
        if name not in bundle.artifacts and not artifact.is_optional
    ]
    if missing:
        shown = ", ".join(f"{name}: {_spelling(component, name)}" for name in missing)
        raise UsageError("E903", "the pipeline needs a value for an input", expected=shown)


def _spelling(component: Component, name: str) -> str:
    declared = component.input_parameters.get(name)
    if declared is not None:
        return PARAMETER_SPELLING.get(declared.parameter_type or "", declared.parameter_type or "value")
    return schema_title(component.input_artifacts[name].artifact_type)


def _parameter(name: str, declared: InputParameter, value: Any) -> Any:
    if value is None:
        if declared.is_optional or declared.default_value is not None:
            return None
        raise UsageError("E904", f"input '{name}' may not be None")
    try:
        value = to_json(value)
    except (TypeError, ValueError) as error:
        raise UsageError("E904", f"input '{name}' has no JSON form", got=str(error)) from None
    if isinstance(value, int) and not isinstance(value, bool) and declared.parameter_type == "NUMBER_DOUBLE":
        value = coerce(value, "NUMBER_DOUBLE")
    if not fits(value, declared.parameter_type):
        raise UsageError(
            "E904",
            f"input '{name}' has the wrong type",
            got=repr(value)[:120],
            expected=PARAMETER_SPELLING.get(declared.parameter_type or "", declared.parameter_type or ""),
        )
    if declared.literals and value not in declared.literals:
        raise UsageError(
            "E904",
            f"input '{name}' is none of its values",
            got=repr(value),
            expected=", ".join(map(repr, declared.literals)),
        )
    return value


def _artifact(name: str, title: str, value: Any) -> ArtifactRecord:
    metadata: dict[str, Any] = {}
    if isinstance(value, Artifact):
        metadata, value = dict(value.metadata), str(value.path if value.uri == str(value.path) else value.uri)
    if isinstance(value, ArtifactRecord):
        return value
    if not isinstance(value, (str, Path)) or not str(value):
        raise UsageError(
            "E904", f"input '{name}' is an artifact", got=repr(value)[:120], expected="a path, a URI or an artifact"
        )
    text = str(value)
    if "://" in text and not text.startswith("file://"):
        return ArtifactRecord(name, title, text, metadata=metadata)
    path = Path(text.removeprefix("file://")).absolute()
    if not path.exists():
        raise UsageError("E904", f"input '{name}' is a path that does not exist", got=str(path))
    content = digest_path(path)
    return ArtifactRecord(name, title, str(path), content.digest, content.size_bytes, metadata)
