"""Whether each input of each task gets a value of its type."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.graph import ArtifactBinding, ArtifactType, Component, ParameterBinding, Task
from milonga.compiler.graph.component import PARAMETER_SPELLING
from milonga.compiler.rules.base import Scope
from milonga.compiler.rules.structure import nearest

_CONVERTED = frozenset({("NUMBER_INTEGER", "NUMBER_DOUBLE"), ("TASK_FINAL_STATUS", "STRUCT")})


def required_inputs_are_bound(scope: Scope) -> Iterator[Diagnostic]:
    """An input without a default gets a value."""
    for name, task in scope.tasks.items():
        component = scope.used(task)
        if component is None:
            continue
        items = {task.parameter_iterator.item_input} if task.parameter_iterator else set()
        items |= {task.artifact_iterator.item_input} if task.artifact_iterator else set()
        for key, parameter in component.input_parameters.items():
            optional = parameter.is_optional or parameter.default_value is not None
            if not optional and key not in task.parameter_bindings and key not in items:
                yield scope.finding("E221", f"input '{key}' gets no value", task=name)
        for key, artifact in component.input_artifacts.items():
            if not artifact.is_optional and key not in task.artifact_bindings and key not in items:
                yield scope.finding("E221", f"input artifact '{key}' gets no value", task=name)


def bindings_have_inputs(scope: Scope) -> Iterator[Diagnostic]:
    """A value is given only to an input that exists."""
    for name, task in scope.tasks.items():
        component = scope.used(task)
        if component is None:
            continue
        for key, binding in task.parameter_bindings.items():
            if key not in component.input_parameters and not _is_for_placeholders(key, binding):
                hint = nearest(key, component.input_parameters)
                yield scope.finding("E222", f"the component has no input parameter '{key}'", task=name, hint=hint)
        for key in task.artifact_bindings:
            if key not in component.input_artifacts:
                hint = nearest(key, component.input_artifacts)
                yield scope.finding("E222", f"the component has no input artifact '{key}'", task=name, hint=hint)


def _is_for_placeholders(key: str, binding: ParameterBinding) -> bool:
    """Whether kfp's compiler made this binding beside the inputs, for placeholders in constants and resources."""
    constant = binding.runtime_value.constant if binding.runtime_value is not None else None
    return key.startswith("pipelinechannel--") or (isinstance(constant, str) and "{{$.inputs" in constant)


def sources_exist(scope: Scope) -> Iterator[Diagnostic]:
    """A value comes from an output or input that exists."""
    for name, task in scope.tasks.items():
        for key, binding in task.parameter_bindings.items():
            problem = _missing_parameter(scope, binding)
            if problem:
                yield scope.finding("E223", f"input '{key}' takes {problem}", task=name)
        for key, artifact in task.artifact_bindings.items():
            problem = _missing_artifact(scope, artifact)
            if problem:
                yield scope.finding("E223", f"input artifact '{key}' takes {problem}", task=name)


def _producer(scope: Scope, name: str) -> Component | None:
    task = scope.tasks.get(name)
    return scope.used(task) if task is not None else None


def _missing_parameter(scope: Scope, binding: ParameterBinding) -> str:
    source = binding.task_output_parameter
    if source is not None:
        producer = _producer(scope, source.producer_task)
        if producer is not None and source.output_parameter_key not in producer.output_parameters:
            return f"output '{source.output_parameter_key}' of '{source.producer_task}', which does not exist"
    name = binding.component_input_parameter
    if name is not None and name not in scope.component.input_parameters:
        return f"input parameter '{name}' of '{scope.name}', which does not exist"
    return ""


def _missing_artifact(scope: Scope, binding: ArtifactBinding) -> str:
    source = binding.task_output_artifact
    if source is not None:
        producer = _producer(scope, source.producer_task)
        if producer is not None and source.output_artifact_key not in producer.output_artifacts:
            return f"output artifact '{source.output_artifact_key}' of '{source.producer_task}', which does not exist"
    name = binding.component_input_artifact
    if name is not None and name not in scope.component.input_artifacts:
        return f"input artifact '{name}' of '{scope.name}', which does not exist"
    return ""


def parameter_types_agree(scope: Scope) -> Iterator[Diagnostic]:
    """A parameter goes to an input of its own type, or of one that it converts to without loss."""
    for name, task in scope.tasks.items():
        component = scope.used(task)
        if component is None:
            continue
        for key, binding in task.parameter_bindings.items():
            declared = component.input_parameters.get(key)
            made = _parameter_type(scope, task, binding)
            wanted = declared.parameter_type if declared is not None else None
            if made is None or wanted is None or made == wanted or (made, wanted) in _CONVERTED:
                continue
            yield scope.finding(
                "E113",
                f"wrong type for input '{key}'",
                task=name,
                got=PARAMETER_SPELLING.get(made, made),
                expected=PARAMETER_SPELLING.get(wanted, wanted),
            )


def _parameter_type(scope: Scope, task: Task, binding: ParameterBinding) -> str | None:
    if binding.parameter_expression_selector:
        return None
    source = binding.task_output_parameter
    if source is not None:
        producer = _producer(scope, source.producer_task)
        output = producer.output_parameters.get(source.output_parameter_key) if producer is not None else None
        iterated = scope.tasks[source.producer_task].parameter_iterator if source.producer_task in scope.tasks else None
        if output is None:
            return None
        return "LIST" if iterated is not None else output.parameter_type
    name = binding.component_input_parameter
    if name is not None:
        # A channel that carries a loop item or a constant of unknown type is declared by its first use only.
        if name.startswith("pipelinechannel--"):
            return None
        declared = scope.component.input_parameters.get(name)
        return declared.parameter_type if declared is not None else None
    return None


def artifact_types_agree(scope: Scope) -> Iterator[Diagnostic]:
    """An artifact goes to an input of its own type, or of `system.Artifact`."""
    for name, task in scope.tasks.items():
        component = scope.used(task)
        if component is None:
            continue
        for key, binding in task.artifact_bindings.items():
            declared = component.input_artifacts.get(key)
            made = _artifact_title(scope, binding)
            wanted = _title(declared.artifact_type) if declared is not None else None
            if not made or not wanted or made == wanted or "system.Artifact" in (made, wanted):
                continue
            yield scope.finding("E114", f"wrong artifact for input '{key}'", task=name, got=made, expected=wanted)


def _title(artifact_type: ArtifactType | None) -> str | None:
    return artifact_type.schema_title if artifact_type is not None else None


def _artifact_title(scope: Scope, binding: ArtifactBinding) -> str | None:
    source = binding.task_output_artifact
    if source is not None:
        producer = _producer(scope, source.producer_task)
        output = producer.output_artifacts.get(source.output_artifact_key) if producer is not None else None
        return _title(output.artifact_type) if output is not None else None
    declared = scope.component.input_artifacts.get(binding.component_input_artifact or "")
    return _title(declared.artifact_type) if declared is not None else None
