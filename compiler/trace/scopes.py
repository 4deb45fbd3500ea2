"""A DAG under construction, and how a value gets from the scope that makes it to the scope that uses it.

KFP's IR has no free variables: a value from outside enters each nested DAG as an input (`pipelinechannel--...`), a
value from inside leaves it as an output. `import_value` walks inwards, `export_value` outwards; both remember what they
have done, so the work is linear in the number of uses.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from milonga.compiler.graph import (
    ArtifactBinding,
    ArtifactSelector,
    DagOutputArtifact,
    DagOutputParameter,
    InputArtifact,
    InputParameter,
    OutputArtifact,
    OutputParameter,
    ParameterBinding,
    ParameterSelector,
    ParameterSelectors,
)
from milonga.compiler.graph.task import TaskOutputArtifact, TaskOutputParameter
from milonga.compiler.trace.borders import artifact_type
from milonga.dsl.parameters import ParameterSchema
from milonga.dsl.recording import Group
from milonga.dsl.references import Schema
from milonga.dsl.signature import ArtifactSchema

CHANNEL = "pipelinechannel--"


@dataclass(frozen=True, slots=True)
class Value:
    """A value as a scope sees it: the output of one of its tasks, or one of its own inputs."""

    scope: Scope
    producer: str
    key: str
    schema: Schema

    @property
    def is_artifact(self) -> bool:
        """Whether it is an artifact rather than a parameter."""
        return isinstance(self.schema, ArtifactSchema)

    @property
    def channel(self) -> str:
        """The name under which it enters nested DAGs."""
        if self.producer:
            return f"{CHANNEL}{self.producer}-{self.key.removeprefix(CHANNEL)}"
        return self.key if self.key.startswith(CHANNEL) else CHANNEL + self.key

    def binding(self, selector: str | None = None) -> ParameterBinding | ArtifactBinding:
        """How a task of `scope` takes it."""
        if self.is_artifact:
            if self.producer:
                return ArtifactBinding(task_output_artifact=TaskOutputArtifact(self.producer, self.key))
            return ArtifactBinding(component_input_artifact=self.key)
        if self.producer:
            output = TaskOutputParameter(self.producer, self.key)
            return ParameterBinding(task_output_parameter=output, parameter_expression_selector=selector)
        return ParameterBinding(component_input_parameter=self.key, parameter_expression_selector=selector)


@dataclass(slots=True)
class TaskDraft:
    """A task under construction.

    Attributes:
        literals: constants that must not be searched for placeholders, by input; see `literals`.
    """

    name: str
    parameters: dict[str, ParameterBinding] = field(default_factory=dict)
    artifacts: dict[str, ArtifactBinding] = field(default_factory=dict)
    after: set[str] = field(default_factory=set)
    fields: dict[str, Any] = field(default_factory=dict)
    literals: dict[str, Any] = field(default_factory=dict)

    def bind(self, name: str, binding: ParameterBinding | ArtifactBinding) -> None:
        """Set where input `name` comes from."""
        if isinstance(binding, ArtifactBinding):
            self.artifacts[name] = binding
        else:
            self.parameters[name] = binding


@dataclass(eq=False, slots=True)
class Scope:
    """A DAG under construction.

    Attributes:
        group: the author's group that it stands for.
        parent: the scope that holds its task; None for the root.
        draft: that task; None for the root.
    """

    group: Group
    parent: Scope | None = None
    draft: TaskDraft | None = None
    tasks: dict[str, TaskDraft] = field(default_factory=dict)
    input_parameters: dict[str, InputParameter] = field(default_factory=dict)
    input_artifacts: dict[str, InputArtifact] = field(default_factory=dict)
    output_parameters: dict[str, tuple[DagOutputParameter, OutputParameter]] = field(default_factory=dict)
    output_artifacts: dict[str, tuple[DagOutputArtifact, OutputArtifact]] = field(default_factory=dict)
    imported: dict[tuple[int, str, str], Value] = field(default_factory=dict)

    @property
    def is_loop(self) -> bool:
        """Whether its tasks run once an item."""
        return self.group.kind == "loop"

    def chain_from(self, outer: Scope) -> list[Scope]:
        """The scopes between `outer` and this one, outside in, `outer` left out."""
        chain: list[Scope] = []
        scope: Scope | None = self
        while scope is not None and scope is not outer:
            chain.append(scope)
            scope = scope.parent
        return chain[::-1]

    def is_inside(self, outer: Scope) -> bool:
        """Whether `outer` is this scope or around it."""
        scope: Scope | None = self
        while scope is not None:
            if scope is outer:
                return True
            scope = scope.parent
        return False

    def import_value(self, value: Value) -> Value:
        """`value`, made in a scope around this one, as an input of this one."""
        for scope in self.chain_from(value.scope):
            key = (id(value.scope), value.producer, value.key)
            known = scope.imported.get(key)
            if known is None:
                known = scope._add_input(value)
                scope.imported[key] = known
            value = known
        return value

    def _add_input(self, value: Value) -> Value:
        if self.draft is None:
            raise AssertionError("only nested scopes import")
        channel = self.free_input(value.channel)
        self.draft.bind(channel, value.binding())
        self.declare_input(channel, value.schema)
        return Value(self, "", channel, value.schema)

    def free_input(self, wanted: str) -> str:
        """An input name that is not taken."""
        name, count = wanted, 1
        while name in self.input_parameters or name in self.input_artifacts:
            count += 1
            name = f"{wanted}-{count}"
        return name

    def declare_input(self, name: str, schema: Schema) -> None:
        """Add an input to this DAG's border."""
        if isinstance(schema, ArtifactSchema):
            is_list = True if schema.is_list else None
            optional = True if schema.optional else None
            self.input_artifacts[name] = InputArtifact(artifact_type(schema), is_list, optional)
        else:
            self.input_parameters[name] = InputParameter(_kind(schema), is_optional=_optional(schema))

    def export_value(self, value: Value) -> Value:
        """`value` of this scope as an output of this scope's task in the parent; a loop makes a list of it."""
        if self.parent is None or self.draft is None:
            raise AssertionError("the root exports nothing")
        name = f"{CHANNEL}{value.producer}-{value.key.removeprefix(CHANNEL)}"
        schema = as_list(value.schema) if self.is_loop else value.schema
        self.declare_output(name, value.schema, [value])
        return Value(self.parent, self.draft.name, name, schema)

    def declare_output(self, name: str, schema: Schema, sources: list[Value]) -> None:
        """Add an output to this DAG's border, made by one task or by whichever of several runs."""
        if isinstance(schema, ArtifactSchema):
            selectors = tuple(ArtifactSelector(source.producer, source.key) for source in sources)
            is_list = True if schema.is_list or self.is_loop else None
            border = OutputArtifact(artifact_type(schema), is_list)
            self.output_artifacts[name] = (DagOutputArtifact(selectors), border)
            return
        picks = tuple(ParameterSelector(source.producer, source.key) for source in sources)
        single = DagOutputParameter(value_from_parameter=picks[0])
        origin = single if len(picks) == 1 else DagOutputParameter(value_from_oneof=ParameterSelectors(picks))
        kind = "LIST" if self.is_loop else _kind(schema)
        self.output_parameters[name] = (origin, OutputParameter(kind))


def as_list(schema: Schema) -> Schema:
    """The type of all values that a loop makes of values of `schema`."""
    if isinstance(schema, ArtifactSchema):
        return dataclasses.replace(schema, is_list=True)
    return ParameterSchema("LIST", list, item=schema)


def _kind(schema: Schema) -> str:
    return schema.kind if isinstance(schema, ParameterSchema) else "STRUCT"


def _optional(schema: Schema) -> bool | None:
    return True if isinstance(schema, ParameterSchema) and schema.optional else None
