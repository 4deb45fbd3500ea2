"""Parameters, artifacts and the border of the pipeline."""

from __future__ import annotations

import json
from collections.abc import Iterator

from milonga.compiler.constructs.base import Construct, Occurrence, tasks_where
from milonga.compiler.graph import InputParameter, wire
from milonga.compiler.graph.component import PARAMETER_BYTES_MAX
from milonga.compiler.scope import Scope


def _parameter_type(kind: str, title: str) -> Construct:
    def test(scope: Scope, name: str) -> bool:
        used = scope.used(scope.tasks[name])
        if used is None:
            return False
        kinds = [parameter.parameter_type for parameter in used.input_parameters.values()]
        return kind in kinds or any(parameter.parameter_type == kind for parameter in used.output_parameters.values())

    return Construct(f"param-type-{kind}", title, tasks_where(test))


def _inputs(scope: Scope, name: str) -> dict[str, InputParameter]:
    used = scope.used(scope.tasks[name])
    return dict(used.input_parameters) if used is not None else {}


def _literals(scope: Scope, name: str) -> str:
    return _named(key for key, parameter in _inputs(scope, name).items() if parameter.literals is not None)


def _optional_without_default(scope: Scope) -> Iterator[Occurrence]:
    borders = [(name, _inputs(scope, name)) for name in scope.tasks]
    if scope.is_root:
        borders.append(("", dict(scope.component.input_parameters)))
    for name, inputs in borders:
        found = _named(key for key, parameter in inputs.items() if _is_unset(parameter))
        if found:
            yield Occurrence(name, found)


def _is_unset(parameter: InputParameter) -> bool:
    given = parameter.parameter_type in ("TASK_FINAL_STATUS", "TASK_CONFIG")
    return bool(parameter.is_optional) and parameter.default_value is None and not given


def _null_default(scope: Scope, name: str) -> str:
    return _named(key for key, parameter in _inputs(scope, name).items() if parameter.default_value is wire.NULL)


def _named(names: Iterator[str]) -> str:
    found = sorted(names)
    return ", ".join(f"'{name}'" for name in found)


def _config_passthrough(scope: Scope, name: str) -> bool:
    used = scope.used(scope.tasks[name])
    return used is not None and (
        used.task_config_passthroughs is not None
        or any(parameter.parameter_type == "TASK_CONFIG" for parameter in used.input_parameters.values())
    )


def _selector(scope: Scope, name: str) -> str:
    selectors = (binding.parameter_expression_selector for binding in scope.tasks[name].parameter_bindings.values())
    return next((selector for selector in selectors if selector), "")


def _large_constant(scope: Scope, name: str) -> str:
    for key, binding in scope.tasks[name].parameter_bindings.items():
        constant = wire.plain(binding.runtime_value.constant) if binding.runtime_value is not None else None
        if constant is None:
            continue
        text = constant if isinstance(constant, str) else json.dumps(constant, ensure_ascii=False)
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > PARAMETER_BYTES_MAX:
            return f"'{key}' holds {size} bytes"
    return ""


def _artifact_lists(scope: Scope, name: str) -> str:
    used = scope.used(scope.tasks[name])
    return _named(key for key, artifact in (used.input_artifacts if used else {}).items() if artifact.is_artifact_list)


def _optional_artifact(scope: Scope, name: str) -> str:
    used = scope.used(scope.tasks[name])
    return _named(key for key, artifact in (used.input_artifacts if used else {}).items() if artifact.is_optional)


def _google_types(scope: Scope, name: str) -> str:
    used = scope.used(scope.tasks[name])
    if used is None:
        return ""
    types = [artifact.artifact_type for artifact in used.input_artifacts.values()]
    types += [artifact.artifact_type for artifact in used.output_artifacts.values()]
    titles = {kind.schema_title or "" for kind in types if kind is not None}
    return ", ".join(sorted(title for title in titles if title.startswith("google.")))


def _root_artifact_inputs(scope: Scope) -> Iterator[Occurrence]:
    if scope.is_root:
        for name in scope.component.input_artifacts:
            yield Occurrence("", f"input '{name}'")


def _root_artifact_outputs(scope: Scope) -> Iterator[Occurrence]:
    if scope.is_root:
        for name in scope.component.output_artifacts:
            yield Occurrence("", f"output '{name}'")


def _root_parameter_outputs(scope: Scope) -> Iterator[Occurrence]:
    if scope.is_root:
        for name in scope.component.output_parameters:
            yield Occurrence("", f"output '{name}'")


def _default_root(scope: Scope) -> Iterator[Occurrence]:
    if scope.is_root and scope.graph.specification.default_pipeline_root:
        yield Occurrence("", scope.graph.specification.default_pipeline_root)


CONSTRUCTS = (
    _parameter_type("NUMBER_INTEGER", "whole numbers"),
    _parameter_type("NUMBER_DOUBLE", "fractional numbers"),
    _parameter_type("STRING", "texts"),
    _parameter_type("BOOLEAN", "truth values"),
    _parameter_type("LIST", "lists"),
    _parameter_type("STRUCT", "structs"),
    Construct("literals", "an input restricted to some values", tasks_where(_literals)),
    Construct("optional-parameter-without-default", "an optional input without a default", _optional_without_default),
    Construct("null-default", "an input whose default is null", tasks_where(_null_default)),
    Construct("task-config", "the pod's configuration as a parameter", tasks_where(_config_passthrough)),
    Construct("expression-selector", "a part of a parameter", tasks_where(_selector)),
    Construct("large-constant", f"a constant of more than {PARAMETER_BYTES_MAX} bytes", tasks_where(_large_constant)),
    Construct("artifact-list-input", "a list of artifacts as one input", tasks_where(_artifact_lists)),
    Construct("optional-artifact", "an optional artifact", tasks_where(_optional_artifact)),
    Construct("google-artifact-types", "artifact types of Google Cloud", tasks_where(_google_types)),
    Construct("pipeline-artifact-input", "an artifact as input of the pipeline", _root_artifact_inputs),
    Construct("pipeline-artifact-output", "an artifact as output of the pipeline", _root_artifact_outputs),
    Construct("pipeline-parameter-output", "a parameter as output of the pipeline", _root_parameter_outputs),
    Construct("default-pipeline-root", "a place for artifacts fixed by the author", _default_root),
)
