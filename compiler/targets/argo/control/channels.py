"""Hands control values through the DAG templates, from the step that makes them to the task that Argo decides about.

A DAG template sees its own inputs and the outputs of its own tasks, nothing else. So a value goes up as outputs of all
DAGs around its maker and down as inputs of all DAGs around its user; each of these is made when somebody asks for it.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Literal

from milonga.compiler.graph import Graph, ParameterBinding
from milonga.compiler.graph.document_value import document_value
from milonga.compiler.targets.argo.control.conditions import condition, selected
from milonga.compiler.targets.argo.control.value import Inexpressible, Value
from milonga.compiler.targets.argo.known_results import KnownResults
from milonga.compiler.targets.argo.names import Names
from milonga.compiler.targets.argo.places import Place, Places
from milonga.compiler.targets.argo.step_kinds import writes_plain_text
from milonga.compiler.targets.argo.together.pod_group import PodGroup, PodGroups

Aspect = Literal["value", "count"]
"""What is wanted of a parameter: itself, or how many elements it has."""

_PLACEHOLDER = re.compile(r"\{\{\$\.inputs\.parameters\[(?:'|\")(.*?)(?:'|\")\]\}\}")
_CHANNEL = "pipelinechannel--"
_READ = {
    "BOOLEAN": "lower({0})",
    "NUMBER_DOUBLE": "toJson(float({0}))",
    "NUMBER_INTEGER": "({0} matches '^-?(0|[1-9][0-9]*)$' ? {0} : toJson(int(replace({0}, '_', ''))))",
}
"""What makes JSON of a text that a container wrote: "True", ".5", "+5" and "007" are none. An integer that is
JSON stays as it is: it may have more digits than Argo can count."""

_OF_TEMPLATES = re.compile(r"[tibcn]|items?|k\d+")
"""Inputs that templates have for themselves."""


class Channels:
    """What templates take and hand out for Argo's own use. Not thread-safe; one belongs to one emission.

    Attributes:
        task_names: of each DAG, Argo's name of each task.
        inputs: of each task, what its template takes: the name there, and the value in the template of its DAG.
        items: of each loop whose elements Argo must know: the input of its body that gets one.
        outputs: of each step, values that it hands to Argo: the name there, the output, and what of it.
        dag_outputs: of each DAG, values that it hands to Argo: the name there, and the value inside of it.
        group_outputs: of each group of tasks that share a pod, values that it hands to Argo: the name there, the task,
            its output and what of it; "" for whether the task has succeeded.
    """

    def __init__(
        self,
        graph: Graph,
        places: Places,
        workflow_parameters: Mapping[str, str],
        groups: PodGroups,
        known: KnownResults,
    ) -> None:
        self._known_results = known
        self._graph = graph
        self._places = places
        self.workflow_parameters = workflow_parameters
        self.task_names: dict[Place, dict[str, str]] = {}
        self._task_names: dict[Place, Names] = {}
        self._helpers: dict[tuple[Place, str], str] = {}
        for place in places:
            names = self._task_names[place] = Names()
            self.task_names[place] = {}
            named: dict[PodGroup, str] = {}
            for name in place.tasks:
                group = groups.of(places.inside(place, name))
                if group is None:
                    self.task_names[place][name] = names.add(name)
                    continue
                if group not in named:
                    named[group] = names.add(group.name)
                self.task_names[place][name] = named[group]
        self.inputs: dict[Place, dict[str, Value]] = defaultdict(dict)
        self.items: dict[Place, str] = {}
        self.outputs: dict[Place, dict[str, tuple[str, Aspect]]] = defaultdict(dict)
        self.dag_outputs: dict[Place, dict[str, Value]] = defaultdict(dict)
        self.group_outputs: dict[PodGroup, dict[str, tuple[Place, str, Aspect]]] = defaultdict(dict)
        self._groups = groups
        self._group_names: dict[PodGroup, Names] = defaultdict(lambda: Names("_"))
        self._names: dict[Place, Names] = defaultdict(lambda: Names("_"))
        self._known: dict[tuple[Place, str, str], str] = {}

    def helper_task(self, owner: Place, wanted: str, task: str) -> str:
        """Argo's name of a task that is added to a DAG before one of its own; the same at each question."""
        if (owner, task) not in self._helpers:
            self._helpers[owner, task] = self._task_names[owner].add(wanted)
        return self._helpers[owner, task]

    # Questions -----------------------------------------------------------------------------------------------------

    def condition(self, place: Place) -> str:
        """The expression of a task's trigger condition, "" when it has none.

        Raises:
            Inexpressible: Argo cannot compute it.
        """
        if not place.condition:
            return ""
        return condition(place.condition, lambda name: self.bound(place, name))

    def bound(self, place: Place, name: str, aspect: Aspect = "value") -> Value:
        """What is bound to an input parameter of a task, in the template of its DAG; null when nothing is.

        Raises:
            Inexpressible: Argo cannot compute it.
        """
        binding = place.task.parameter_bindings.get(name) if place.task is not None else None
        return self.binding(place, binding, aspect) if binding is not None else Value()

    def binding(self, place: Place, binding: ParameterBinding, aspect: Aspect = "value") -> Value:
        """What a binding of a task stands for, in the template of its DAG.

        Raises:
            Inexpressible: Argo cannot compute it.
        """
        owner = place.owner
        if owner is None:
            raise Inexpressible("root")
        selector = binding.parameter_expression_selector
        if selector:
            whole = self._source(place, owner, binding, "value")
            return _aspect(selected(selector, whole), aspect)
        return self._source(place, owner, binding, aspect)

    def _source(self, place: Place, owner: Place, binding: ParameterBinding, aspect: Aspect) -> Value:
        if binding.runtime_value is not None and binding.runtime_value.constant is not None:
            return _aspect(self._constant(place, document_value(binding.runtime_value.constant)), aspect)
        if binding.task_output_parameter is not None:
            if place.task is not None and place.task.runs_anyway:
                raise Inexpressible("an output of a task that may have failed: Argo would wait for it for ever")
            source = binding.task_output_parameter
            return self._output(self._places.inside(owner, source.producer_task), source.output_parameter_key, aspect)
        if binding.component_input_parameter is not None:
            return self.dag_input(owner, binding.component_input_parameter, aspect)
        raise Inexpressible("final status")

    def status(self, place: Place, owner: Place, task: str) -> None:
        """Make the final status of a task of `owner` an input of `place`, which lies somewhere inside of `owner`."""
        name = self._name(place, f"status {owner.path}#{task}", "value", "status")
        if name not in self.inputs[place]:
            if place.owner is owner:
                value = Value(expression=f"tasks['{self.task_names[owner][task]}'].status", kind="status")
            elif place.owner is None:
                raise Inexpressible("a status of a task that is nowhere around")
            else:
                self.status(place.owner, owner, task)
                outer = self._name(place.owner, f"status {owner.path}#{task}", "value", "status")
                value = Value(expression=f"inputs.parameters['{outer}']", kind="status")
            self.inputs[place][name] = value

    def status_name(self, place: Place, key: str) -> str:
        """The input that carries the final status of the task with this key (see `origins.status_key`)."""
        return self._name(place, f"status {key}", "value", "status")

    def add_input(self, place: Place, wanted: str, value: Value) -> str:
        """A further input of a step's template; its name there."""
        name = self._name(place, f"setting {wanted}", "value", wanted)
        self.inputs[place][name] = value
        return name

    def items_of(self, place: Place) -> Value:
        """The list that the loop goes over whose body `place` is.

        Raises:
            Inexpressible: Argo cannot compute it.
        """
        return self._items(place, "value")

    def count_of(self, place: Place) -> Value:
        """How many elements it has.

        Raises:
            Inexpressible: Argo cannot compute it.
        """
        return self._items(place, "count")

    def _items(self, place: Place, aspect: Aspect) -> Value:
        iterator = place.task.parameter_iterator if place.task is not None else None
        if iterator is None or iterator.items is None:
            raise Inexpressible("artifacts")
        if iterator.items.raw is not None:
            return _aspect(Value(json.loads(iterator.items.raw), kind="LIST"), aspect)
        found = self.bound(place, iterator.items.input_parameter or "", aspect)
        return found if aspect == "count" else found.as_kind("LIST")

    # Down --------------------------------------------------------------------------------------------------------

    def dag_input(self, place: Place, name: str, aspect: Aspect = "value") -> Value:
        """An input parameter of a DAG, inside of its template.

        Raises:
            Inexpressible: Argo cannot compute it.
        """
        declared = place.component.input_parameters.get(name)
        kind = (declared.parameter_type if declared is not None else None) or ""
        if place.owner is None or place.task is None:
            found = Value(expression=f"workflow.parameters['{self.workflow_parameters[name]}']", kind=kind)
            return _aspect(found, aspect)
        iterator = place.task.parameter_iterator
        if place.is_iteration and iterator is not None and iterator.item_input == name:
            return _aspect(self._item(place, name, kind), aspect)
        known = (place, name, aspect)
        if known not in self._known:
            value = self.bound(place, name, aspect)
            default = document_value(declared.default_value) if declared is not None else None
            if default is not None:
                value = value.or_default(default if aspect == "value" else len(default))
            if aspect == "value":
                value = value.as_kind(kind)
            self.inputs[place][self._name(place, name, aspect)] = value
        arrived = self._name(place, name, aspect)
        return self.inputs[place][arrived].read(f"inputs.parameters['{arrived}']", kind if aspect == "value" else "")

    def _item(self, place: Place, name: str, kind: str) -> Value:
        """The element that an iteration has got. Whoever asks makes the loop hand its list to Argo."""
        if place not in self.items:
            self.items_of(place)  # is it possible?
            self.items[place] = self._name(place, name, "value")
        return Value(is_built=True).read(f"inputs.parameters['{self.items[place]}']", kind)

    # Up ----------------------------------------------------------------------------------------------------------

    def _output(self, place: Place, name: str, aspect: Aspect) -> Value:
        """An output parameter of a task, in the template of its DAG."""
        if place.owner is not None and self._groups.of(place) is not None:
            return self._group_output(place, place.owner, name, aspect)
        if place.is_iteration or place.owner is None:
            raise Inexpressible("what a loop has collected")
        declared = place.component.output_parameters.get(name)
        kind = (declared.parameter_type if declared is not None else None) or ""
        known = self._known_results.get(place.slug) if place.slug else None
        if known is not None:
            return _aspect(Value(known.parameters.get(name), kind=kind), aspect)
        if place.component.dag is not None:
            slug = self._dag_output(place, name, aspect)
            handed_out = self.dag_outputs[place][slug]
        else:
            if writes_plain_text(self._graph, place.component):
                aspect_here: Aspect = "value"
                slug = self._leaf_output(place, name, aspect_here)
                found = _plain(_output_of(self.task_names[place.owner][place.task_name], slug), kind)
                return _aspect(found, aspect)
            slug = self._leaf_output(place, name, aspect)
            handed_out = Value()
        expression = _output_of(self.task_names[place.owner][place.task_name], slug)
        return handed_out.read(expression, kind if aspect == "value" else "")

    def has_succeeded(self, place: Place) -> str:
        """An expression in the template of a task's DAG: whether the task has succeeded, for one that has ended."""
        if place.owner is None:
            raise Inexpressible("root")
        task = self.task_names[place.owner][place.task_name]
        group = self._groups.of(place)
        if group is None or not group.may_be_skipped(place.task_name):
            return f"tasks['{task}'].status == 'Succeeded'"
        state = self._group_output(place, place.owner, "", "value").expression
        return f"(tasks['{task}'].status == 'Succeeded' && {state} == '\"SUCCEEDED\"')"

    def skipped_unseen(self, place: Place) -> list[str]:
        """Expressions that must hold besides what a task waits for: tasks before it that share a pod with others, which
        goes well when they are skipped.
        """
        task, owner = place.task, place.owner
        if task is None or owner is None or task.runs_anyway:
            return []
        found = []
        for name in sorted(task.producers()):
            producer = self._places.inside(owner, name)
            group = self._groups.of(producer)
            if group is not None and group is not self._groups.of(place) and group.may_be_skipped(name):
                found.append(self.has_succeeded(producer))
        return found

    def _group_output(self, place: Place, owner: Place, name: str, aspect: Aspect) -> Value:
        """What the pod of a group says of one of its tasks; it can say everything."""
        group = self._groups.of(place)
        if group is None:
            raise Inexpressible("not in a group")
        known = (place, f"of group {name}", aspect)
        if known not in self._known:
            self._known[known] = self._group_names[group].add(f"{place.task_name}_{name or 'state'}_{aspect}")
            self.group_outputs[group][self._known[known]] = (place, name, aspect)
        declared = place.component.output_parameters.get(name)
        kind = "LIST" if place.is_iteration else (declared.parameter_type if declared is not None else None) or ""
        expression = _output_of(self.task_names[owner][place.task_name], self._known[known])
        return Value(expression=expression, kind=kind if aspect == "value" else "")

    def _leaf_output(self, place: Place, name: str, aspect: Aspect) -> str:
        slug = self._name(place, f"output {name}", aspect, name)
        self.outputs[place][slug] = (name, aspect)
        return slug

    def _dag_output(self, place: Place, name: str, aspect: Aspect) -> str:
        slug = self._name(place, f"output {name}", aspect, name)
        if slug in self.dag_outputs[place]:
            return slug
        outputs = place.component.dag.outputs if place.component.dag is not None else None
        origin = ((outputs.parameters if outputs else None) or {}).get(name)
        if origin is None:
            raise Inexpressible(name)
        expression, is_built = "'null'", False
        for selector in reversed(origin.selectors):
            inner = self._places.inside(place, selector.producer_subtask)
            value = self._output(inner, selector.output_parameter_key, aspect)
            expression = f"{self.has_succeeded(inner)} ? {value.text} : {expression}"
            is_built |= value.is_built
        self.dag_outputs[place][slug] = Value(expression=expression, is_built=is_built)
        return slug

    def _constant(self, place: Place, constant: Any) -> Value:
        """A constant; one with placeholders of the task's own parameters is put together by Argo."""
        if "{{$" not in json.dumps(constant):
            return Value(constant)
        if not isinstance(constant, str):
            raise Inexpressible("placeholders inside of a list or struct")
        parts, at = [], 0
        for match in _PLACEHOLDER.finditer(constant):
            parts += [Value(constant[at : match.start()]).parsed] if match.start() > at else []
            inner = self.bound(place, match[1])
            parts.append(f"(type({inner.parsed}) == 'string' ? {inner.parsed} : {inner.text})")
            at = match.end()
        parts += [Value(constant[at:]).parsed] if at < len(constant) else []
        if "{{$" in _PLACEHOLDER.sub("", constant):
            raise Inexpressible("a placeholder of the run")
        return Value(expression=f"toJson({' + '.join(parts)})", kind="STRING", is_built=True)

    def _name(self, place: Place, what: str, aspect: Aspect, wanted: str = "") -> str:
        known = (place, what, aspect)
        if known not in self._known:
            base = (wanted or what).removeprefix(_CHANNEL)
            base = f"v_{base}" if _OF_TEMPLATES.fullmatch(base) else base
            self._known[known] = self._names[place].add(f"{base}_n" if aspect == "count" else base)
        return self._known[known]


def _aspect(value: Value, aspect: Aspect) -> Value:
    if aspect == "value":
        return value
    if not value.expression:
        constant = json.loads(value.constant) if isinstance(value.constant, str) else value.constant
        return Value(len(constant) if isinstance(constant, list) else 0)
    items = value.parsed if value.kind != "STRING" else f"fromJSON({value.parsed})"
    return Value(expression=f"toJson(len({items}))")


def _output_of(task: str, slug: str) -> str:
    """Never with `?.`: a task has succeeded some moments before its outputs are known, and Argo waits for those only
    where they are not optional (seen on 3.7.18)."""
    return f"tasks['{task}'].outputs.parameters['{slug}']"


def _plain(expression: str, kind: str) -> Value:
    """A value that a container has written as text: for a string the text itself, for others JSON."""
    if kind == "STRING":
        return Value(expression=f"toJson({expression})", kind=kind, is_built=True)
    made = _READ.get(kind)
    if made is not None:
        expression = f"({expression} == 'null' ? 'null' : {made.format(f'trim({expression})')})"
    return Value(expression=expression, kind=kind, is_built=True)
