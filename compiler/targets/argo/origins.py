"""Where each value comes from: expressions that the task itself evaluates, written when the pipeline is compiled.

An input of a step goes back through the borders of all DAGs around it to what really makes it: a constant, an input of
the pipeline, the output of one step, an element of a list. So a step needs nobody between it and its producers: no
driver, no database. The forms are those that `milonga.engine.recipes` reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from milonga.compiler.graph import ArtifactBinding, Graph, InputParameter, ParameterBinding, RuntimeValue, wire
from milonga.compiler.graph.component import schema_title
from milonga.compiler.graph.document_value import document_value
from milonga.compiler.targets.argo.known_results import KnownResults
from milonga.compiler.targets.argo.places import Place, Places
from milonga.compiler.targets.argo.step_kinds import step_kind

Expression = list[Any]
"""A JSON list: the name of a form, and its parts."""

ABSENT: Expression = ["absent"]
_OWN_INPUT = re.compile(r"\{\{\$\.inputs\.parameters\[(?:'|\")(.*?)(?:'|\")\]")


class Origins:
    """The origins of a pipeline's values. Not thread-safe; one belongs to one emission.

    Args:
        graph: the pipeline.
        places: its places.
        known: results that need no step any more.
    """

    def __init__(self, graph: Graph, places: Places, known: KnownResults | None = None) -> None:
        self._known = known or {}
        self._graph = graph
        self._places = places

    # What a task gets --------------------------------------------------------------------------------------------

    def inputs(self, place: Place) -> tuple[dict[str, Expression], dict[str, Expression]]:
        """Parameters and artifacts that a step gets, as its component declares them."""
        component = place.component
        bound = self.bound_parameters(place)
        parameters = {
            name: _typed(bound.get(name, ABSENT), declared) for name, declared in component.input_parameters.items()
        }
        artifacts = {name: self._input_artifact(place, name) for name in component.input_artifacts}
        return (
            {name: expression for name, expression in parameters.items() if expression != ABSENT},
            {name: expression for name, expression in artifacts.items() if expression != ABSENT},
        )

    def bound_parameters(self, place: Place) -> dict[str, Expression]:
        """Everything that is bound to the task of `place`, the item of its loop included; without defaults."""
        if place.owner is None or place.task is None:
            return {}
        names = [*place.task.parameter_bindings, *([item] if (item := _item_name(place)) else [])]
        return {name: self._bound_parameter(place, name) for name in names}

    def deciding_parameters(self, place: Place) -> dict[str, Expression]:
        """What the condition of the task of `place` may read: that of a loop is asked once, before it has items."""
        item = _item_name(place)
        return {name: made for name, made in self.bound_parameters(place).items() if not item or name != item}

    def _bound_parameter(self, place: Place, name: str) -> Expression:
        """One of them: each goes back through all DAGs around it, so only what is asked for is looked up."""
        if name and name == _item_name(place):
            return ["item", self.loop_items(place), place.depth - 1]
        bindings = place.task.parameter_bindings if place.task is not None else {}
        return self.parameter(place, name) if name in bindings else ABSENT

    def parameter(self, place: Place, name: str) -> Expression:
        """What is bound to an input parameter of the task of `place`."""
        if place.owner is None or place.task is None:
            return ABSENT
        return self.bound(place, place.task.parameter_bindings[name])

    def bound(self, place: Place, binding: ParameterBinding) -> Expression:
        """What a binding of the task of `place` stands for."""
        owner = place.owner
        if owner is None:
            return ABSENT
        if binding.runtime_value is not None and binding.runtime_value.constant is not None:
            return self._constant(place, binding.runtime_value.constant)
        found = ABSENT
        if binding.task_output_parameter is not None:
            source = binding.task_output_parameter
            found = self.output_parameter(self._places.inside(owner, source.producer_task), source.output_parameter_key)
        elif binding.component_input_parameter is not None:
            found = self.dag_input(owner, binding.component_input_parameter)
        elif binding.task_final_status is not None:
            task = binding.task_final_status.producer_task
            found = ["status", status_key(owner, task), task]
        if binding.parameter_expression_selector and found != ABSENT:
            found = ["part", found, binding.parameter_expression_selector]
        return found

    def _constant(self, place: Place, constant: Any) -> Expression:
        value = document_value(constant)
        text = json.dumps(value)
        if "{{$" not in text:
            return ["constant", value]
        wanted = dict.fromkeys(_OWN_INPUT.findall(json.dumps(value, ensure_ascii=False)))
        bindings = place.task.parameter_bindings if place.task is not None else {}
        return ["text", value, {name: self.parameter(place, name) for name in wanted if name in bindings}]

    def dag_input(self, place: Place, name: str) -> Expression:
        """An input parameter as the tasks of a DAG see it."""
        declared = place.component.input_parameters.get(name)
        if place.owner is None:
            return _typed(["input", name], declared) if declared is not None else ABSENT
        return _typed(self._bound_parameter(place, name), declared) if declared is not None else ABSENT

    def loop_items(self, place: Place) -> Expression:
        """The list that the loop goes over whose body `place` is."""
        iterator = place.task.parameter_iterator if place.task is not None else None
        items = iterator.items if iterator is not None else None
        if items is None:
            return ["constant", []]
        if items.raw is not None:
            return ["typed", ["constant", json.loads(items.raw)], "LIST"]
        return ["typed", self.parameter(place, items.input_parameter or ""), "LIST"]

    def loop_count(self, place: Place) -> Expression:
        """How many iterations the loop has whose body `place` is."""
        if place.task is not None and place.task.artifact_iterator is not None:
            return ["count", "artifacts", self._looped_artifacts(place)]
        return ["count", "parameters", self.loop_items(place)]

    # What a task makes -------------------------------------------------------------------------------------------

    def output_parameter(self, place: Place, name: str) -> Expression:
        """An output parameter of a task; of a loop, the list of what its iterations have made."""
        made = self.made_parameter(place, name)
        if place.is_iteration:
            return ["each", self.loop_count(place), place.depth - 1, made]
        return made

    def made_parameter(self, place: Place, name: str) -> Expression:
        """An output parameter of one execution: of a loop, of one iteration."""
        component = place.component
        if component.dag is None:
            if step_kind(self._graph, component) == "create-claim":
                return self._claim(place)
            known = self._known.get(place.slug)
            if known is not None:
                return ["constant", known.parameters[name]] if name in known.parameters else ABSENT
            return ["output", place.slug, place.depth, name]
        origin = ((component.dag.outputs.parameters if component.dag.outputs else None) or {}).get(name)
        if origin is None:
            return ABSENT
        tasks = place.tasks
        found = self._chosen(
            (inner, self.output_parameter(inner, item.output_parameter_key))
            for item in origin.selectors
            if item.producer_subtask in tasks
            for inner in (self._places.inside(place, item.producer_subtask),)
        )
        declared = component.output_parameters.get(name)
        if declared is None or place.is_iteration or found == ABSENT:
            return found
        return ["typed", found, declared.parameter_type]

    def output_artifact(self, place: Place, name: str) -> Expression:
        """An output artifact of a task; of a loop, the flat list of what its iterations have made."""
        made = self.made_artifact(place, name)
        if place.is_iteration:
            return ["each", self.loop_count(place), place.depth - 1, made]
        return made

    def made_artifact(self, place: Place, name: str) -> Expression:
        """An output artifact of one execution: of a loop, of one iteration."""
        component = place.component
        if component.dag is None:
            executor = self._graph.executors.get(component.executor_label or "")
            if executor is not None and executor.importer is not None:
                return self._imported(place)
            return ["output", place.slug, place.depth, name]
        origin = ((component.dag.outputs.artifacts if component.dag.outputs else None) or {}).get(name)
        tasks = place.tasks
        return self._chosen(
            (inner, self.output_artifact(inner, item.output_artifact_key))
            for item in (origin.artifact_selectors if origin is not None else None) or ()
            if item.producer_subtask in tasks
            for inner in (self._places.inside(place, item.producer_subtask),)
        )

    def _chosen(self, candidates: Iterable[tuple[Place, Expression]]) -> Expression:
        """The first of several that is there. What a step has made says so itself; a list of a loop that did not run
        looks like one of a loop without items, so its task's condition is asked as well."""
        found = [(place, made) for place, made in candidates if made != ABSENT]
        if len(found) == 1:
            return found[0][1]
        if not found:
            return ABSENT
        return ["first", [made if _says_whether(made) else self._guarded_once(place, made) for place, made in found]]

    def _guarded_once(self, place: Place, made: Expression) -> Expression:
        if not place.condition:
            return made
        return ["if", place.condition, self.deciding_parameters(place), made]

    def _imported(self, place: Place) -> Expression:
        """What an importer hands out. It costs no pod: whoever needs it reads it here, its condition included."""
        executor = self._graph.executors[place.component.executor_label or ""]
        importer = executor.importer
        parameters, _ = self.inputs(place)
        source = importer.artifact_uri if importer is not None else None
        uri = _runtime_value(source, parameters)
        metadata = ["text", document_value(dict((importer.metadata if importer else None) or {})), parameters]
        title = schema_title(importer.type_schema if importer is not None else None)
        made = ["import", next(iter(place.component.output_artifacts), "artifact"), uri, metadata, title]
        return self._guarded(place, made)

    def _claim(self, place: Place) -> Expression:
        """The name of a volume claim. The step that makes it stores nothing: everybody can tell the name."""
        parameters, _ = self.inputs(place)
        name, suffix = (parameters.get(wanted, ABSENT) for wanted in ("pvc_name", "pvc_name_suffix"))
        return self._guarded(place, ["claim", place.slug, place.depth, name, suffix])

    def _guarded(self, place: Place, made: Expression) -> Expression:
        """`made`, absent where the conditions of `place` and of the DAGs around it do not hold."""
        inner: Place | None = place
        while inner is not None:
            made = self._guarded_once(inner, made)
            inner = inner.owner
        return made

    # Artifacts that a task gets ----------------------------------------------------------------------------------

    def _input_artifact(self, place: Place, name: str) -> Expression:
        """What an input artifact of a task, or of the DAG that it leads to, stands for."""
        if place.owner is None or place.task is None:
            return ["input", name]
        iterator = place.task.artifact_iterator
        if place.is_iteration and iterator is not None and iterator.item_input == name:
            return ["item", self._looped_artifacts(place), place.depth - 1]
        binding = place.task.artifact_bindings.get(name)
        return self._bound_artifact(place.owner, binding) if binding is not None else ABSENT

    def _looped_artifacts(self, place: Place) -> Expression:
        iterator = place.task.artifact_iterator if place.task is not None else None
        items = iterator.items if iterator is not None else None
        binding = (
            place.task.artifact_bindings.get((items.input_artifact if items else None) or "") if place.task else None
        )
        if place.owner is None or binding is None:
            return ABSENT
        return self._bound_artifact(place.owner, binding)

    def _bound_artifact(self, owner: Place, binding: ArtifactBinding) -> Expression:
        if binding.task_output_artifact is not None:
            source = binding.task_output_artifact
            return self.output_artifact(self._places.inside(owner, source.producer_task), source.output_artifact_key)
        return self._input_artifact(owner, binding.component_input_artifact or "")

    # The pipeline --------------------------------------------------------------------------------------------------

    def outputs(self) -> dict[str, dict[str, Expression]]:
        """What the pipeline hands out."""
        root = self._places.root
        return {
            "parameters": {name: self.made_parameter(root, name) for name in root.component.output_parameters},
            "artifacts": {name: self.made_artifact(root, name) for name in root.component.output_artifacts},
        }


def _typed(expression: Expression, declared: InputParameter) -> Expression:
    default = document_value(declared.default_value)
    if default is None:
        return expression if expression == ABSENT else ["typed", expression, declared.parameter_type]
    return ["typed", expression, declared.parameter_type, default]


def status_key(owner: Place, task: str) -> str:
    """Names a task whose final status is asked for, in the whole pipeline."""
    return f"{owner.path}#{task}"


def _item_name(place: Place) -> str:
    """The input that gets the element of a loop over parameters; "" for anything else."""
    iterator = place.task.parameter_iterator if place.task is not None and place.is_iteration else None
    return (iterator.item_input if iterator is not None else None) or ""


def _says_whether(expression: Expression) -> bool:
    """Whether evaluating an expression tells by itself that its maker did not run."""
    if expression[0] in ("typed", "part"):
        return _says_whether(expression[1])
    return expression[0] in ("output", "if", "first")


def _runtime_value(source: RuntimeValue | None, parameters: dict[str, Expression]) -> Expression:
    if source is not None and source.constant is not None:
        return ["text", wire.plain(source.constant), parameters]
    if source is not None and source.runtime_parameter is not None:
        return parameters.get(source.runtime_parameter, ABSENT)
    return ABSENT
