"""What stands behind a task of an author's pipeline: one way into the library for each kind of definition."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from milonga.compiler.graph import RuntimeValue
from milonga.compiler.trace.embedding import embed
from milonga.compiler.trace.library import Library
from milonga.compiler.trace.ready_made import ReadyMade
from milonga.compiler.trace.scopes import TaskDraft
from milonga.dsl.component_decorator import Component
from milonga.dsl.definition import Definition
from milonga.dsl.import_step import Importer
from milonga.dsl.pipeline_decorator import Pipeline
from milonga.dsl.recording import TaskCall


class Callees:
    """Puts the component of a call into the library. A new kind of definition is one more method here.

    Args:
        library: the tables of the graph under construction.
        trace_nested: traces a pipeline that is called inside, and gives its name in the library.
    """

    def __init__(self, library: Library, trace_nested: Callable[[Pipeline[..., Any]], str]) -> None:
        self._library = library
        self._trace_nested = trace_nested

    def name_of(self, call: TaskCall, draft: TaskDraft) -> str:
        """The name of the graph component that the task uses."""
        name: str = self._name_of(call.component, call, draft)
        return name

    @functools.singledispatchmethod
    def _name_of(self, target: Definition[..., Any], call: TaskCall, draft: TaskDraft) -> str:
        raise AssertionError(f"nothing is known about {target!r}")

    @_name_of.register(Component)
    def _of_component(self, target: Component[..., Any], call: TaskCall, draft: TaskDraft) -> str:
        return self._library.add_step(target, call.options)

    @_name_of.register(Pipeline)
    def _of_pipeline(self, target: Pipeline[..., Any], call: TaskCall, draft: TaskDraft) -> str:
        return self._trace_nested(target)

    @_name_of.register(ReadyMade)
    def _of_ready_made(self, target: ReadyMade, call: TaskCall, draft: TaskDraft) -> str:
        return embed(self._library, target, call.options)

    @_name_of.register(Importer)
    def _of_importer(self, target: Importer, call: TaskCall, draft: TaskDraft) -> str:
        constant = draft.parameters.get("uri")
        if constant is not None and constant.runtime_value is not None:
            return self._library.add_importer(target, RuntimeValue(constant=constant.runtime_value.constant))
        return self._library.add_importer(target, RuntimeValue(runtime_parameter="uri"))


__all__ = ["Callees"]
