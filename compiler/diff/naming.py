"""Where a value comes from, as the author sees it: through all the inputs that compilers make for nested DAGs.

A source is spelled as text: `ingest.Output`, `input lr`, `item of for-loop-1`, `Collected(for-loop-1/train.Output)`,
`one of (a.Output, b.Output)`, `status of exit-handler-1`. What a task is called in it is up to the `Naming`: its own
path for people, the path of its counterpart for comparison, nothing at all for finding renamed tasks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from milonga.compiler.cel import parse, render
from milonga.compiler.diff.texts import canonical
from milonga.compiler.diff.tree import CHANNEL, Node
from milonga.compiler.graph import ArtifactBinding, ParameterBinding, RuntimeValue
from milonga.errors import InvalidPipeline

PLACEHOLDER = re.compile(r"\$\.inputs\.(?:parameters|artifacts)\[(['\"])(" + re.escape(CHANNEL) + r"[^'\"]*)\1\]")
IN_CONDITION = re.compile(r"inputs\.parameter_values\[(['\"])((?:[^'\"\\]|\\.)*)\1\]")
_SELECTOR = re.compile(r'parseJson\(string_value\)((?:\[(?:"(?:[^"\\]|\\.)*"|\d+)\])+)')


@dataclass(frozen=True, slots=True)
class Naming:
    """Spells sources.

    Attributes:
        name: what a task is called.
    """

    name: Callable[[Node], str]

    def parameter(self, node: Node, binding: ParameterBinding) -> str:
        """Where a parameter that `node` is given comes from."""
        selector = binding.parameter_expression_selector or ""
        return self._parameter(node, binding) + (_part_of(selector) if selector else "")

    def _parameter(self, node: Node, binding: ParameterBinding) -> str:
        if binding.task_output_parameter is not None:
            made = binding.task_output_parameter
            return self.output(node.parent, made.producer_task, made.output_parameter_key)
        if binding.component_input_parameter is not None:
            return self.input(node.parent, binding.component_input_parameter)
        if binding.task_final_status is not None:
            return f"status of {self.beside(node, binding.task_final_status.producer_task)}"
        return constant_text(binding.runtime_value)

    def artifact(self, node: Node, binding: ArtifactBinding) -> str:
        """Where an artifact that `node` is given comes from."""
        if binding.task_output_artifact is not None:
            made = binding.task_output_artifact
            return self.output(node.parent, made.producer_task, made.output_artifact_key)
        return self.input(node.parent, binding.component_input_artifact or "")

    def input(self, scope: Node | None, key: str) -> str:
        """What the input `key` of the DAG of `scope` holds."""
        if scope is None or scope.parent is None:
            return f"input {key}"
        if key == scope.item_input:
            return f"item of {self.name(scope)}"
        if key.startswith(CHANNEL):
            bound = scope.task.parameter_bindings.get(key)
            if bound is not None:
                return self.parameter(scope, bound)
            artifact = scope.task.artifact_bindings.get(key)
            if artifact is not None:
                return self.artifact(scope, artifact)
        return f"input {key} of {self.name(scope)}"

    def output(self, scope: Node | None, producer: str, key: str) -> str:
        """The output `key` of the task `producer` in the DAG of `scope`."""
        node = scope.children.get(producer) if scope is not None else None
        if node is None:
            return f"{producer}.{key} (no such task)"
        text = f"{self.name(node)}.{key}"
        if key.startswith(CHANNEL):
            text = one_of(self.output(node, task, inner) for task, inner in made_by(node, key)) or text
            return f"Collected({text})" if node.item_input is not None else text
        return text

    def beside(self, node: Node, name: str) -> str:
        """A task of the same DAG."""
        other = node.parent.children.get(name) if node.parent is not None else None
        return self.name(other) if other is not None else f"{name} (no such task)"

    def bound(self, node: Node, key: str) -> str:
        """What the input `key` of `node` is given."""
        parameter = node.task.parameter_bindings.get(key)
        if parameter is not None:
            return self.parameter(node, parameter)
        artifact = node.task.artifact_bindings.get(key)
        return self.artifact(node, artifact) if artifact is not None else key

    def filled(self, node: Node, text: str) -> str:
        """`text` with what stands behind the placeholders of inputs that a compiler made."""
        if CHANNEL not in text:
            return text
        return PLACEHOLDER.sub(lambda found: self.bound(node, found[2]), text)

    def condition(self, node: Node, text: str) -> str:
        """A CEL condition of `node` in one spelling, sources in the place of the task's inputs."""
        return IN_CONDITION.sub(lambda found: self.bound(node, _unescaped(found[2])), one_spelling(text))


def made_by(node: Node, key: str) -> list[tuple[str, str]]:
    """The (task, output) pairs inside of `node` that its output `key` comes from."""
    outputs = node.component.dag.outputs if node.component.dag is not None else None
    if outputs is None:
        return []
    parameter = (outputs.parameters or {}).get(key)
    if parameter is not None:
        many = parameter.value_from_oneof.parameter_selectors if parameter.value_from_oneof else None
        picks = [*([parameter.value_from_parameter] if parameter.value_from_parameter else []), *(many or ())]
        return [(pick.producer_subtask, pick.output_parameter_key) for pick in picks]
    artifact = (outputs.artifacts or {}).get(key)
    selectors = (artifact.artifact_selectors if artifact is not None else None) or ()
    return [(pick.producer_subtask, pick.output_artifact_key) for pick in selectors]


def one_of(sources: Iterable[str]) -> str:
    """The text of sources of which one has a value; their order has no meaning."""
    texts = sorted(set(sources))
    return texts[0] if len(texts) == 1 else f"one of ({', '.join(texts)})" if texts else ""


def constant_text(value: RuntimeValue | None) -> str:
    """A constant as JSON, from today's field or its deprecated twin; or the name of a runtime parameter."""
    if value is None:
        return "null"
    if value.runtime_parameter is not None:
        return f"parameter {value.runtime_parameter}"
    if value.constant is None and value.constant_value is not None:
        return canonical(_old_constant(dict(value.constant_value)))
    return canonical(value.constant)


def _old_constant(value: dict[str, object]) -> object:
    """KFP's `Value` of schema 2.0: one of `stringValue`, `intValue` (a number or its text), `doubleValue`."""
    if "intValue" in value:
        text = str(value["intValue"])
        return int(text) if text.lstrip("-").isdecimal() else text
    return value.get("stringValue", value.get("doubleValue"))


def one_spelling(condition: str) -> str:
    """A condition as the parser would write it; as it stands, when it is no CEL."""
    try:
        return render(parse(condition))
    except (InvalidPipeline, RecursionError):
        return condition


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _part_of(selector: str) -> str:
    found = _SELECTOR.fullmatch(selector)
    return found[1] if found is not None else f" | {selector}"
