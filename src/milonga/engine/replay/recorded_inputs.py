"""What a recorded step got, found again: parameters from its record, artifacts by their digests."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.compiler.graph import Component
from milonga.compiler.graph.component import PARAMETER_SPELLING, schema_title
from milonga.engine.cache.content_check import ContentCheck
from milonga.engine.content import ContentStore, digest_path
from milonga.engine.values import Bundle, coerce, default_of, fits, with_defaults
from milonga.errors import RunError, UsageError
from milonga.lineage.records import ArtifactRecord, Artifacts, ArtifactValue, TaskRecord, flattened


def recorded_inputs(
    record: TaskRecord, component: Component, store: ContentStore, check: ContentCheck, changes: Mapping[str, Any]
) -> tuple[Bundle, tuple[str, ...]]:
    """The inputs for another time, and the recorded ones that the component takes no more.

    Args:
        record: the step as it was recorded.
        component: its border, which may be a newer one than the record's.
        store: where content is looked for that is not where it was.
        check: says whether content is what was recorded.
        changes: values that replace recorded ones, in their own type or as text; artifacts as paths.

    Raises:
        UsageError: E902 a change of an input that there is not, E904 a value of the wrong type.
        RunError: E456 content is gone or is not what it was, E458 the component needs an input that was not recorded.
    """
    given = _changed(component, changes)
    kept = {name: value for name, value in record.input_artifacts.items() if name in component.input_artifacts}
    artifacts = _found_again({name: value for name, value in kept.items() if name not in given.artifacts}, store, check)
    parameters = {name: value for name, value in record.inputs.items() if name in component.input_parameters}
    bundle = Bundle(with_defaults({**parameters, **given.parameters}, component), {**artifacts, **given.artifacts})
    _require(record, component, bundle)
    known = {*component.input_parameters, *component.input_artifacts}
    return bundle, tuple(name for name in (*record.inputs, *record.input_artifacts) if name not in known)


def _changed(component: Component, changes: Mapping[str, Any]) -> Bundle:
    bundle = Bundle()
    for name, given in changes.items():
        if name in component.input_parameters:
            kind = component.input_parameters[name].parameter_type
            value = coerce(given, kind)
            if not fits(value, kind):
                expected = PARAMETER_SPELLING.get(kind or "", kind or "")
                raise UsageError("E904", f"input '{name}' has the wrong type", got=repr(given)[:120], expected=expected)
            bundle.parameters[name] = value
        elif name in component.input_artifacts:
            path = Path(str(given)).absolute()
            if not path.exists():
                raise UsageError("E904", f"input '{name}' is a path that does not exist", got=str(path))
            content = digest_path(path)
            title = schema_title(component.input_artifacts[name].artifact_type)
            bundle.artifacts[name] = ArtifactRecord(name, title, str(path), content.digest, content.size_bytes)
        else:
            names = [*component.input_parameters, *component.input_artifacts]
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"it takes: {', '.join(names) or 'nothing'}"
            raise UsageError("E902", f"the step has no input '{name}'", hint=hint)
    return bundle


def _found_again(artifacts: Artifacts, store: ContentStore, check: ContentCheck) -> dict[str, ArtifactValue]:
    """The same artifacts, each where its content is now.

    Raises:
        RunError: E456, all those whose content is nowhere.
    """
    places: dict[str, str] = {}
    missing: list[str] = []
    for name, value in artifacts.items():
        for record in flattened(value):
            if check.holds({name: record}):
                continue
            elsewhere = store.find(record.digest) if record.digest else None
            if elsewhere is not None and check.holds({name: dataclasses.replace(record, uri=str(elsewhere))}):
                places[record.uri] = str(elsewhere)
            else:
                missing.append(f"{name}: {record.uri} (digest {record.digest[:12] or 'unknown'})")
    if missing:
        raise RunError(
            "E456",
            "what the step got is not here any more as it was",
            got="\n".join(missing),
            hint="run the pipeline again from where it was made, or give it: --set NAME=PATH",
        )
    return {name: _moved(value, places) for name, value in artifacts.items()}


def _moved(value: ArtifactValue, places: Mapping[str, str]) -> ArtifactValue:
    if isinstance(value, tuple):
        return tuple(_moved(item, places) for item in value)
    return dataclasses.replace(value, uri=places.get(value.uri, value.uri))


def _require(record: TaskRecord, component: Component, bundle: Bundle) -> None:
    missing = [
        name
        for name, declared in component.input_parameters.items()
        if name not in bundle.parameters
        and name not in record.inputs
        and not declared.is_optional
        and default_of(declared) is None
    ]
    missing += [
        name
        for name, artifact in component.input_artifacts.items()
        if name not in bundle.artifacts and not artifact.is_optional
    ]
    if missing:
        raise RunError(
            "E458",
            f"the step needs {', '.join(map(repr, missing))}, which the recorded one did not get",
            where=record.path,
            hint=" ".join(f"--set {name}=VALUE" for name in missing),
            kind="user",
        )
