"""The edges of a DAG: each binding of an input, with what stands at both of its ends.

Parameters and artifacts differ in the names of the fields that hold them and in nothing that most rules ask, so the
two sides are data here, and one rule serves both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from milonga.compiler.graph import Component, Graph, Task, wire


@dataclass(frozen=True, slots=True)
class Side:
    """Parameters, or artifacts: the names of the fields that hold them.

    Attributes:
        noun: "parameter" or "artifact".
        producer_field, key_field: of a binding that takes another task's output: the source, the output's name in it.
        input_field: of a binding that takes an input of the DAG.
        fields: all fields of a binding of which exactly one must be set.
    """

    noun: str
    producer_field: str
    key_field: str
    input_field: str
    fields: tuple[str, ...]

    def bindings(self, task: Task) -> Mapping[str, Any]:
        """Bindings of a task, by input name."""
        found: Mapping[str, Any] = getattr(task, f"{self.noun}_bindings")
        return found

    def inputs(self, component: Component) -> Mapping[str, Any]:
        """Inputs of a component, by name."""
        found: Mapping[str, Any] = getattr(component, f"input_{self.noun}s")
        return found

    def outputs(self, component: Component) -> Mapping[str, Any]:
        """Outputs of a component, by name."""
        found: Mapping[str, Any] = getattr(component, f"output_{self.noun}s")
        return found

    def made_by(self, binding: Any) -> tuple[str, str] | None:
        """The producer and its output, of a binding that takes one."""
        source = getattr(binding, self.producer_field)
        return (source.producer_task, getattr(source, self.key_field)) if source is not None else None

    def taken_from(self, binding: Any) -> str | None:
        """The input of the DAG, of a binding that takes one."""
        name: str | None = getattr(binding, self.input_field)
        return name

    def sources(self, binding: Any) -> list[str]:
        """The JSON keys of the sources that a binding names."""
        return [wire.camel_case(field) for field in self.fields if getattr(binding, field) is not None]

    @property
    def other(self) -> Side:
        """Artifacts for parameters, and the other way round."""
        return ARTIFACTS if self is PARAMETERS else PARAMETERS


PARAMETERS = Side(
    "parameter",
    "task_output_parameter",
    "output_parameter_key",
    "component_input_parameter",
    ("task_output_parameter", "runtime_value", "component_input_parameter", "task_final_status"),
)
ARTIFACTS = Side(
    "artifact",
    "task_output_artifact",
    "output_artifact_key",
    "component_input_artifact",
    ("task_output_artifact", "component_input_artifact"),
)
SIDES = (PARAMETERS, ARTIFACTS)


@dataclass(frozen=True, slots=True)
class Edge:
    """One binding.

    Attributes:
        side: parameters or artifacts.
        name: the input that gets the value.
        binding: where it comes from.
        declared: that input of the used component; None when there is none of that name on this side.
        producer: the task beside that makes the value; "" for another source.
        output: the output of the producer, or the input of the DAG; "" for another source.
        maker: the producer's component, or the DAG's own; None when it does not exist.
        origin: what `output` names in `maker`; None when there is nothing of that name on this side.
        collected: whether the producer is a loop, so that the value is the list of what its iterations make.
        is_ambiguous: whether the producer is a group inside of a loop: kfp declares what it makes as the list that the
            loop will make of it, so that nobody can tell one from the other here.
    """

    side: Side
    name: str
    binding: Any
    declared: Any = None
    producer: str = ""
    output: str = ""
    maker: Component | None = None
    origin: Any = None
    collected: bool = False
    is_ambiguous: bool = False


def edges_of(graph: Graph, dag: Component, repeated: frozenset[str]) -> Mapping[str, tuple[Edge, ...]]:
    """All edges of a DAG, by the task that takes the value; `repeated` are the components inside of loops."""
    tasks = (dag.dag.tasks if dag.dag else None) or {}
    return {name: tuple(_edges(graph, dag, repeated, task)) for name, task in tasks.items()}


def _edges(graph: Graph, dag: Component, repeated: frozenset[str], task: Task) -> Iterator[Edge]:
    tasks = (dag.dag.tasks if dag.dag else None) or {}
    used = _component_of(graph, task)
    for side in SIDES:
        inputs = side.inputs(used) if used is not None else {}
        for name, binding in side.bindings(task).items():
            declared = inputs.get(name)
            made, taken = side.made_by(binding), side.taken_from(binding)
            if made is not None:
                producer, output = made
                by = tasks.get(producer)
                maker = _component_of(graph, by) if by is not None else None
                origin = side.outputs(maker).get(output) if maker is not None else None
                collected = by is not None and by.is_loop
                ambiguous = not collected and _is_group(by, maker, repeated)
                yield Edge(side, name, binding, declared, producer, output, maker, origin, collected, ambiguous)
            elif taken is not None:
                yield Edge(side, name, binding, declared, "", taken, dag, side.inputs(dag).get(taken))
            else:
                yield Edge(side, name, binding, declared)


def _is_group(task: Task | None, component: Component | None, repeated: frozenset[str]) -> bool:
    if task is None or component is None or component.dag is None or task.component_ref is None:
        return False
    return task.component_ref.name in repeated


def _component_of(graph: Graph, task: Task) -> Component | None:
    return graph.components.get(task.component_ref.name) if task.component_ref is not None else None
