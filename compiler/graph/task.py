"""A task: one use of a component, with the sources of its inputs and the rules of its execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COMPLETED = "ALL_UPSTREAM_TASKS_COMPLETED"
"""The strategy of a trigger policy that waits for the tasks before, however they ended."""


@dataclass(frozen=True, slots=True)
class TaskOutputParameter:
    """A parameter that another task of the same DAG makes."""

    producer_task: str
    output_parameter_key: str


@dataclass(frozen=True, slots=True)
class TaskOutputArtifact:
    """An artifact that another task of the same DAG makes."""

    producer_task: str
    output_artifact_key: str


@dataclass(frozen=True, slots=True)
class ProducerStatus:
    """The final status of another task of the same DAG."""

    producer_task: str


@dataclass(frozen=True, slots=True)
class RuntimeValue:
    """A constant (any JSON value, null as `wire.NULL`), or the name of a runtime parameter."""

    constant: Any = None
    runtime_parameter: str | None = None
    constant_value: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ParameterBinding:
    """Where an input parameter of a task comes from. Exactly one of the first four is set."""

    task_output_parameter: TaskOutputParameter | None = None
    runtime_value: RuntimeValue | None = None
    component_input_parameter: str | None = None
    task_final_status: ProducerStatus | None = None
    parameter_expression_selector: str | None = None


@dataclass(frozen=True, slots=True)
class ArtifactBinding:
    """Where an input artifact of a task comes from. Exactly one is set."""

    task_output_artifact: TaskOutputArtifact | None = None
    component_input_artifact: str | None = None


@dataclass(frozen=True, slots=True)
class TaskInputs:
    """All bindings of a task, by input name."""

    parameters: Mapping[str, ParameterBinding] | None = None
    artifacts: Mapping[str, ArtifactBinding] | None = None


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """What a page shows as the task's name."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class CachingOptions:
    """Whether an earlier result may be used, and under which key of the author's own."""

    enable_cache: bool | None = None
    cache_key: str | None = None


@dataclass(frozen=True, slots=True)
class ComponentRef:
    """The component that a task uses."""

    name: str


@dataclass(frozen=True, slots=True)
class TriggerPolicy:
    """When a task runs: a CEL condition, and whether the tasks before it must have succeeded."""

    condition: str | None = None
    strategy: str | None = None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Repetition of failed attempts. Durations are protobuf JSON: seconds with an `s`, such as "3.5s"."""

    max_retry_count: int | None = None
    backoff_duration: str | None = None
    backoff_factor: float | None = None
    backoff_max_duration: str | None = None


@dataclass(frozen=True, slots=True)
class IteratorPolicy:
    """How many iterations may run at the same time; 0 or None is no limit."""

    parallelism_limit: int | None = None


@dataclass(frozen=True, slots=True)
class ParameterItems:
    """What a loop goes over: JSON text in the file, or an input parameter of the task."""

    raw: str | None = None
    input_parameter: str | None = None


@dataclass(frozen=True, slots=True)
class ParameterIterator:
    """A loop over parameters; each iteration gets its item as the input `item_input`."""

    items: ParameterItems | None = None
    item_input: str | None = None


@dataclass(frozen=True, slots=True)
class ArtifactItems:
    """The input artifact list that a loop goes over."""

    input_artifact: str | None = None


@dataclass(frozen=True, slots=True)
class ArtifactIterator:
    """A loop over artifacts."""

    items: ArtifactItems | None = None
    item_input: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One use of a component in a DAG."""

    component_ref: ComponentRef | None = None
    task_info: TaskInfo | None = None
    inputs: TaskInputs | None = None
    dependent_tasks: tuple[str, ...] | None = None
    caching_options: CachingOptions | None = None
    trigger_policy: TriggerPolicy | None = None
    retry_policy: RetryPolicy | None = None
    iterator_policy: IteratorPolicy | None = None
    parameter_iterator: ParameterIterator | None = None
    artifact_iterator: ArtifactIterator | None = None

    @property
    def parameter_bindings(self) -> Mapping[str, ParameterBinding]:
        """Parameter bindings by input name, empty when there are none."""
        return (self.inputs.parameters if self.inputs else None) or {}

    @property
    def artifact_bindings(self) -> Mapping[str, ArtifactBinding]:
        """Artifact bindings by input name, empty when there are none."""
        return (self.inputs.artifacts if self.inputs else None) or {}

    @property
    def is_loop(self) -> bool:
        """Whether the task stands for its iterations; whoever reads its outputs gets lists."""
        return self.parameter_iterator is not None or self.artifact_iterator is not None

    @property
    def condition(self) -> str:
        """The CEL expression that decides whether the task runs; "" when nothing does."""
        return (self.trigger_policy.condition if self.trigger_policy else None) or ""

    @property
    def runs_anyway(self) -> bool:
        """Whether the task runs also when a task before it failed."""
        return self.trigger_policy is not None and self.trigger_policy.strategy == COMPLETED

    def producers(self) -> frozenset[str]:
        """Names of the tasks of the same DAG that must end before this one starts."""
        names = set(self.dependent_tasks or ())
        for binding in self.parameter_bindings.values():
            if binding.task_output_parameter is not None:
                names.add(binding.task_output_parameter.producer_task)
            if binding.task_final_status is not None:
                names.add(binding.task_final_status.producer_task)
        for artifact in self.artifact_bindings.values():
            if artifact.task_output_artifact is not None:
                names.add(artifact.task_output_artifact.producer_task)
        return frozenset(names)
