"""What a task is given, and which tasks it waits for."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.diff.facts import Fact, Reading
from milonga.compiler.diff.naming import IN_CONDITION, PLACEHOLDER, constant_text
from milonga.compiler.diff.texts import canonical
from milonga.compiler.diff.tree import CHANNEL, Node
from milonga.compiler.graph import ArtifactBinding, ParameterBinding, wire


def bindings(node: Node, reading: Reading) -> Iterator[Fact]:
    """Constants and edges, without the inputs that compilers make: what is behind those is told where it is used."""
    for name, binding in node.task.parameter_bindings.items():
        if name.startswith(CHANNEL) or name == _items(node):
            continue
        if binding.runtime_value is not None:
            yield reading.filled("constant", name, node, constant_text(binding.runtime_value))
            continue
        compared, shown = (naming.parameter(node, binding) for naming in (reading.compared, reading.shown))
        yield Fact("edge", name, compared, shown)
    for name, artifact in node.task.artifact_bindings.items():
        if not name.startswith(CHANNEL) and name != _items(node):
            compared, shown = (naming.artifact(node, artifact) for naming in (reading.compared, reading.shown))
            yield Fact("edge", name, compared, shown)


def order(node: Node, reading: Reading) -> Iterator[Fact]:
    """Tasks that it waits for without taking anything from them."""
    waits = set(node.task.dependent_tasks or ())
    told: set[str] = set()
    used = _used_channels(node)
    given: list[tuple[str, ParameterBinding | ArtifactBinding]] = [
        *node.task.parameter_bindings.items(),
        *node.task.artifact_bindings.items(),
    ]
    for name, binding in given:
        producer = _producer(binding)
        if producer is not None:
            (told if not name.startswith(CHANNEL) or name in used else waits).add(producer)
    for name in sorted(waits - told):
        compared, shown = (naming.beside(node, name) for naming in (reading.compared, reading.shown))
        yield Fact("edge", "order", compared, shown, key=f"after {compared}")


def _items(node: Node) -> str | None:
    """The input that a loop goes over: its source is told as the loop's."""
    if node.task.parameter_iterator is not None and node.task.parameter_iterator.items is not None:
        return node.task.parameter_iterator.items.input_parameter
    if node.task.artifact_iterator is not None and node.task.artifact_iterator.items is not None:
        return node.task.artifact_iterator.items.input_artifact
    return None


def _producer(binding: ParameterBinding | ArtifactBinding) -> str | None:
    if isinstance(binding, ArtifactBinding):
        return binding.task_output_artifact.producer_task if binding.task_output_artifact is not None else None
    if binding.task_output_parameter is not None:
        return binding.task_output_parameter.producer_task
    return binding.task_final_status.producer_task if binding.task_final_status is not None else None


def _used_channels(node: Node) -> set[str]:
    """Those inputs made by a compiler whose source is told somewhere: inside the DAG, in a condition, in a text."""
    used: set[str] = set()
    items = _items(node)
    if items is not None:
        used.add(items)
    used.update(found[2] for found in IN_CONDITION.finditer(node.task.condition))
    for child in node.children.values():
        for binding in child.task.parameter_bindings.values():
            if binding.component_input_parameter is not None:
                used.add(binding.component_input_parameter)
        for artifact in child.task.artifact_bindings.values():
            if artifact.component_input_artifact is not None:
                used.add(artifact.component_input_artifact)
    given = (*node.task.parameter_bindings, *node.task.artifact_bindings)
    if node.component.dag is None and any(name.startswith(CHANNEL) for name in given):
        used.update(found[2] for found in PLACEHOLDER.finditer(_texts(node)))
    return used


def _texts(node: Node) -> str:
    """Every text of a step in which a placeholder may stand."""
    constants = [
        constant_text(binding.runtime_value)
        for binding in node.task.parameter_bindings.values()
        if binding.runtime_value is not None
    ]
    label = node.component.executor_label or ""
    settings = [node.graph.platform_settings(label, platform) for platform in node.graph.platforms or {}]
    return "\n".join([*constants, canonical(wire.dump(node.executor)) if node.executor else "", canonical(settings)])
