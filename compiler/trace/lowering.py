"""From the recorded tree of one pipeline to the tasks of a graph."""

from __future__ import annotations

from typing import Any

from milonga.compiler.graph import Component, Dag, DagOutputs, Inputs, Outputs, RuntimeValue, Task, TaskInputs, wire
from milonga.compiler.graph.cycles import find_cycle
from milonga.compiler.graph.task import (
    COMPLETED,
    ArtifactItems,
    ArtifactIterator,
    CachingOptions,
    ComponentRef,
    IteratorPolicy,
    ParameterBinding,
    ParameterItems,
    ParameterIterator,
    ProducerStatus,
    RetryPolicy,
    TaskInfo,
    TriggerPolicy,
)
from milonga.compiler.trace.callees import Callees
from milonga.compiler.trace.expressions import render_condition
from milonga.compiler.trace.library import Library
from milonga.compiler.trace.literals import looks_filled_in
from milonga.compiler.trace.locating import Locator
from milonga.compiler.trace.names import assign_names
from milonga.compiler.trace.scopes import CHANNEL, Scope, TaskDraft, Value
from milonga.compiler.trace.selectors import part_name, selector_text
from milonga.dsl.import_step import Importer as ImportStep
from milonga.dsl.options import Options
from milonga.dsl.parameters import ParameterSchema, infer_schema
from milonga.dsl.places import Place
from milonga.dsl.recording import Group, Recorder, TaskCall
from milonga.dsl.references import Reference
from milonga.runtime.program import json_text


class Lowering:
    """Lowers one traced pipeline. `trace_nested` gives the component name of a pipeline called inside."""

    def __init__(self, recorder: Recorder, library: Library, trace_nested: Any) -> None:
        self.recorder = recorder
        self.library = library
        self.callees = Callees(library, trace_nested)
        self.scopes: dict[Group, Scope] = {}
        self.locator = Locator(self.scopes, recorder)

    def lower(self, signature_outputs: list[tuple[str, Reference]]) -> Scope:
        """The root scope, complete. Mistakes become findings of the recorder."""
        assign_names(self.recorder)
        root = Scope(self.recorder.root)
        self._open(self.recorder.root, root)
        self._fill(self.recorder.root)
        for name, reference in signature_outputs:
            value = self.locator.locate(reference, root, place=self.recorder.root.place)
            if value is None:
                continue
            if not value.producer:
                self.recorder.add_finding(
                    "E142",
                    f"the pipeline returns its own input '{value.key}' as output '{name}'",
                    place=self.recorder.root.place,
                    hint="return the output of a task",
                )
                continue
            root.declare_output(name, value.schema, [value])
        self._check_cycles()
        return root

    # Scopes ----------------------------------------------------------------------------------------------------

    def _open(self, group: Group, scope: Scope) -> None:
        """Make a scope for every group below, outside in. A chain of one branch needs no scope of its own."""
        self.scopes[group] = scope
        for child in group.children:
            if isinstance(child, TaskCall):
                continue
            if child.kind == "branches" and len(child.children) == 1:
                self._open(child, scope)
                continue
            draft = TaskDraft(child.name)
            scope.tasks[child.name] = draft
            self._open(child, Scope(child, scope, draft))

    def _fill(self, group: Group) -> None:
        scope = self.scopes[group]
        for child in group.children:
            if isinstance(child, TaskCall):
                self._task(child, scope)
            else:
                inner = self.scopes[child]
                if inner.draft is not None and inner.group is child:
                    self._group_task(child, inner)
                self._fill(child)
                if inner.draft is not None and inner.group is child:
                    inner.draft.fields["close"] = inner

    def _group_task(self, group: Group, inner: Scope) -> None:
        draft, outer = inner.draft, inner.parent
        if draft is None or outer is None:
            return
        if group.kind == "loop":
            self._loop(group, inner, draft, outer)
        elif group.kind == "branch" and group.condition is not None:
            draft.fields["trigger_policy"] = TriggerPolicy(
                condition=render_condition(group.condition, lambda reference: self._channel(reference, inner, outer))
            )

    def _channel(self, reference: Reference, inner: Scope, outer: Scope) -> str:
        """The input of a condition's task that carries `reference`, or a part of it."""
        value = self.locator.locate(reference, outer, place=inner.group.place)
        if value is None or inner.draft is None:
            return CHANNEL + "unknown"
        value = outer.import_value(value)
        if not reference.selector:
            return inner.import_value(value).key
        channel = inner.free_input(f"{value.channel}-{part_name(reference)}")
        inner.draft.bind(channel, value.binding(selector_text(reference)))
        inner.declare_input(channel, reference.schema)
        return channel

    def _loop(self, group: Group, inner: Scope, draft: TaskDraft, outer: Scope) -> None:
        items = group.items
        schema = group.item.schema if group.item is not None else None
        if isinstance(items, Reference):
            value = self.locator.locate(items, outer, place=group.place)
            if value is None:
                return
            value = outer.import_value(value)
            channel = inner.free_input(value.channel)
            item = f"{channel}-loop-item"
            if value.is_artifact:
                draft.bind(channel, value.binding())
                draft.fields["artifact_iterator"] = ArtifactIterator(ArtifactItems(channel), item)
                inner.declare_input(channel, value.schema)
            else:
                selector = selector_text(items) if items.selector else None
                draft.bind(channel, value.binding(selector))
                draft.fields["parameter_iterator"] = ParameterIterator(ParameterItems(input_parameter=channel), item)
                inner.declare_input(channel, infer_schema([]))
        else:
            item = f"{CHANNEL}loop-item-param-{group.number}"
            draft.fields["parameter_iterator"] = ParameterIterator(ParameterItems(raw=json_text(items)), item)
        inner.declare_input(item, schema)
        if group.parallelism:
            draft.fields["iterator_policy"] = IteratorPolicy(group.parallelism)
        self.locator.loop_items[group] = Value(inner, "", item, schema)

    # Tasks -----------------------------------------------------------------------------------------------------

    def _task(self, call: TaskCall, scope: Scope) -> None:
        draft = scope.tasks.setdefault(call.name, TaskDraft(call.name))
        draft.fields["call"] = call
        for name, argument in call.arguments.items():
            self._argument(call, draft, scope, name, argument)
        if call.is_exit_task:
            self._exit_task(call, draft)
        else:
            self._require_statuses(call)
            if call.options.ignore_upstream_failure:
                draft.fields["trigger_policy"] = TriggerPolicy(strategy=COMPLETED)
        for other in call.options.after:
            self._after(call, draft, scope, other)
        draft.fields.update(_policies(call))

    def _argument(self, call: TaskCall, draft: TaskDraft, scope: Scope, name: str, argument: Any) -> None:
        declared = call.component.signature.input(name)
        if isinstance(argument, Reference):
            value = self.locator.locate(argument, scope, place=call.place)
            if value is None:
                return
            value = scope.import_value(value)
            draft.bind(name, value.binding(selector_text(argument) if argument.selector else None))
        elif argument is None:
            if declared is not None and isinstance(declared.schema, ParameterSchema) and declared.has_value_by_default:
                draft.bind(name, ParameterBinding(runtime_value=RuntimeValue(constant=wire.NULL)))
            return  # otherwise an unset optional input is None
        elif declared is not None and isinstance(declared.schema, ParameterSchema):
            if looks_filled_in(argument):
                draft.literals[name] = argument
            else:
                draft.bind(name, ParameterBinding(runtime_value=RuntimeValue(constant=argument)))

    def _exit_task(self, call: TaskCall, draft: TaskDraft) -> None:
        guarded = next((group for group in self.scopes if group.kind == "exit" and group.exit_task is call), None)
        if guarded is None:
            return
        draft.after.add(guarded.name)
        draft.fields["trigger_policy"] = TriggerPolicy(strategy=COMPLETED)
        for item in call.component.signature.inputs:
            if isinstance(item.schema, ParameterSchema) and item.schema.kind == "TASK_FINAL_STATUS":
                draft.bind(item.name, ParameterBinding(task_final_status=ProducerStatus(guarded.name)))

    def _require_statuses(self, call: TaskCall) -> None:
        """Only an exit task is handed a final status; elsewhere it must be given like any other argument."""
        for item in call.component.signature.inputs:
            is_status = isinstance(item.schema, ParameterSchema) and item.schema.kind == "TASK_FINAL_STATUS"
            if is_status and item.required and item.name not in call.arguments:
                self.recorder.add_finding(
                    "E112",
                    f"'{call.component.name}' misses its argument '{item.name}'",
                    place=call.place,
                    expected=f"{item.name}: TaskFinalStatus",
                    hint="only an exit task is handed it: with ml.ExitHandler(the component, its other arguments):",
                )

    def _after(self, call: TaskCall, draft: TaskDraft, scope: Scope, other: Any) -> None:
        target = self.locator.task_named(other)
        if target is None:
            names = ", ".join(task.name for task in self.recorder.tasks)
            self.recorder.add_finding(
                "E144",
                f"'after' of task '{call.name}' names no task",
                place=call.place,
                got=repr(other),
                hint=f"give a task's output or one of the names: {names}",
            )
            return
        theirs = self.scopes[target.group]
        common: Scope | None = scope
        while common is not None and not theirs.is_inside(common):
            common = common.parent
        if common is None:
            return
        mine_chain, their_chain = scope.chain_from(common), theirs.chain_from(common)
        waiting = mine_chain[0].draft if mine_chain else draft
        ending = their_chain[0].draft if their_chain else None
        if waiting is not None:
            waiting.after.add(ending.name if ending is not None else target.name)

    # Results ---------------------------------------------------------------------------------------------------

    def _check_cycles(self) -> None:
        for scope in {id(scope): scope for scope in self.scopes.values()}.values():
            tasks = {name: self.finish_task(draft, "").producers() for name, draft in scope.tasks.items()}
            cycle = find_cycle(tasks)
            if cycle:
                call = next((scope.tasks[name].fields.get("call") for name in cycle), None)
                place = call.place if isinstance(call, TaskCall) else scope.group.place
                self.recorder.add_finding(
                    "E143",
                    "tasks wait for each other in a circle",
                    place=place,
                    got=" → ".join([*cycle, cycle[0]]),
                    hint="remove one 'after'",
                )

    def component_name(self, draft: TaskDraft) -> str:
        """Put the component of a task into the library."""
        call = draft.fields.get("call")
        if isinstance(call, TaskCall):
            name = self.callees.name_of(call, draft)
            return self.library.add_with_defaults(name, draft.literals) if draft.literals else name
        inner: Scope = draft.fields["close"]
        return self.library.add_component(
            draft.name, self.finish_scope(inner), places=self.places_of(inner), together=together_of(inner)
        )

    def places_of(self, scope: Scope) -> dict[str, Place]:
        """Where the author wrote the tasks of a scope, and ("") the scope itself."""
        places = {"": scope.group.place}
        for name, draft in scope.tasks.items():
            call, inner = draft.fields.get("call"), draft.fields.get("close")
            if isinstance(call, TaskCall):
                places[name] = call.place
            elif isinstance(inner, Scope):
                places[name] = inner.group.place
        return places

    def finish_task(self, draft: TaskDraft, component: str) -> Task:
        """The finished task that uses `component`."""
        fields = {key: value for key, value in draft.fields.items() if key not in ("call", "close")}
        inputs = (
            TaskInputs(dict(sorted(draft.parameters.items())) or None, dict(sorted(draft.artifacts.items())) or None)
            if draft.parameters or draft.artifacts
            else None
        )
        call = draft.fields.get("call")
        shown = call.options.display_name if isinstance(call, TaskCall) else None
        task = Task(
            ComponentRef(component), TaskInfo(shown or draft.name), inputs, tuple(sorted(draft.after)), **fields
        )
        producers = tuple(sorted(task.producers()))
        return Task(ComponentRef(component), task.task_info, inputs, producers or None, **fields)

    def finish_scope(self, scope: Scope, inputs: Inputs | None = None) -> Component:
        """The finished component of a scope, with everything below it in the library."""
        tasks = {name: self.finish_task(draft, self.component_name(draft)) for name, draft in scope.tasks.items()}
        parameters = {name: origin for name, (origin, _) in sorted(scope.output_parameters.items())}
        artifacts = {name: origin for name, (origin, _) in sorted(scope.output_artifacts.items())}
        outputs = DagOutputs(parameters or None, artifacts or None) if parameters or artifacts else None
        borders = Outputs(
            {name: border for name, (_, border) in sorted(scope.output_parameters.items())} or None,
            {name: border for name, (_, border) in sorted(scope.output_artifacts.items())} or None,
        )
        if inputs is None and (scope.input_parameters or scope.input_artifacts):
            inputs = Inputs(dict(sorted(scope.input_parameters.items())) or None, scope.input_artifacts or None)
        return Component(inputs, borders if outputs else None, Dag(tasks, outputs))


def together_of(scope: Scope) -> dict[str, str]:
    """With which ones the tasks of a scope share a pod, those whose author has said so."""
    calls = ((name, draft.fields.get("call")) for name, draft in scope.tasks.items())
    return {name: call.options.together for name, call in calls if isinstance(call, TaskCall) and call.options.together}


def _policies(call: TaskCall) -> dict[str, Any]:
    options: Options = call.options
    enabled = options.cache is not False if not call.is_exit_task else options.cache is True
    fields: dict[str, Any] = {
        "caching_options": CachingOptions(True if enabled else None, options.cache_key)
        if not isinstance(call.component, ImportStep)
        else CachingOptions(True if enabled else None)
    }
    if options.retries:
        fields["retry_policy"] = RetryPolicy(
            max_retry_count=options.retries,
            backoff_duration=f"{_number(options.backoff_s if options.backoff_s is not None else 0)}s",
            backoff_factor=float(options.backoff_factor if options.backoff_factor is not None else 2),
            backoff_max_duration=f"{_number(options.backoff_max_s if options.backoff_max_s is not None else 3600)}s",
        )
    return fields


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
