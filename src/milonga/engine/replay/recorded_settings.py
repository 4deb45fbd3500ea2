"""What a step's own settings take from the run: inputs that its component does not declare, such as a memory limit."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from milonga.compiler.graph.task import TaskInputs
from milonga.engine.binding import resolve_inputs
from milonga.engine.instances import TaskInstance
from milonga.engine.run_names import task_names
from milonga.errors import MilongaError

_UNRESOLVED = (MilongaError, KeyError)
"""A pipeline of today may bind a setting to a task that the run did not have."""


def recorded_settings(task: TaskInstance, names: Mapping[str, str]) -> dict[str, Any]:
    """The values that are bound to a step and are no inputs of it, found again from what stands around it.

    What does not resolve is left out: only a setting that is made of it misses it, and says so.

    Args:
        task: a step that `rebuilt` has made.
        names: run-level placeholder values.
    """
    if task.dag.component is task.component:  # an iteration of a step: what is bound was bound to the loop
        given = task.dag.inputs.parameters
        return {name: value for name, value in given.items() if name not in task.component.input_parameters}
    wanted = [name for name in task.task.parameter_bindings if name not in task.component.input_parameters]
    if not wanted:
        return {}
    try:
        found = _resolved(task, [*task.task.parameter_bindings], names)
    except _UNRESOLVED:
        found = {}
        for name in wanted:
            with contextlib.suppress(*_UNRESOLVED):
                found.update(_resolved(task, [name], names))
    return {name: value for name, value in found.items() if name in wanted}


def _resolved(task: TaskInstance, chosen: Sequence[str], names: Mapping[str, str]) -> dict[str, Any]:
    """The values of these bindings; artifacts are not asked for."""
    shape = task.shape
    inputs = TaskInputs({name: task.task.parameter_bindings[name] for name in chosen})
    reduced = dataclasses.replace(shape, task=dataclasses.replace(shape.task, inputs=inputs))
    return resolve_inputs(TaskInstance(reduced, task.dag, task.path), task_names(names, task)).parameters
