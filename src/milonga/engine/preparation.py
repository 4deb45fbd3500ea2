"""What a task needs before it can run: its step, prepared once an executor, and what it asks of the machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from milonga.compiler.graph import Executor, Graph
from milonga.engine.binding import resolve_setting
from milonga.engine.instances import TaskInstance
from milonga.engine.placeholders import PlaceholderContext
from milonga.engine.resources import Demand, Machine, demand_of
from milonga.engine.settings import RunSettings
from milonga.engine.steps import PreparedStep, Provision, StepContext, step_kinds
from milonga.engine.steps.environment import depends_on_inputs
from milonga.engine.values import resolve_constant
from milonga.errors import InvalidPipeline, RunError


class Preparation:
    """Prepares the steps of one run. Used from the scheduler's thread only.

    Args:
        graph: the pipeline.
        settings: what the caller asked for.
        machine: what steps may ask for.
        functions: live functions by executor label.
        names: run-level placeholder values.
        notice: says something to whoever waits.
    """

    def __init__(
        self,
        *,
        graph: Graph,
        settings: RunSettings,
        machine: Machine,
        functions: Mapping[str, Callable[..., Any]],
        names: Mapping[str, str],
        notice: Callable[[str], None],
    ) -> None:
        self._graph = graph
        self._settings = settings
        self._machine = machine
        self._functions = functions
        self._names = names
        self._notice = notice
        self._kinds = step_kinds(settings.mode)
        self._prepared: dict[str, PreparedStep] = {}
        self._cut: set[str] = set()

    def step(self, task: TaskInstance) -> PreparedStep | Provision:
        """The task's step: prepared once an executor, or each time where settings come from the task's inputs.

        Raises:
            InvalidPipeline: E212, there is no such executor; E230, it is damaged.
            RunError: E44x, this machine cannot run it.
        """
        label = task.component.executor_label or ""
        known = self._prepared.get(label)
        if known is not None:
            return known
        context = StepContext(
            home=self._settings.home,
            secrets=self._settings.secrets,
            functions=self._functions,
            platform=self._graph.platform_settings(label),
            executors=self._graph.executors,
            setting=lambda binding: resolve_setting(binding, task),
            parameters=task.settings,
            installs=self._settings.installs and self._settings.mode == "isolated",
        )
        executor = self._executor(label)
        kind = next(kind for kind in self._kinds if kind.matches(executor))
        found = kind.prepare(label, executor, context)
        if isinstance(found, PreparedStep) and not depends_on_inputs(context.platform, executor):
            self._prepared[label] = found
        return found

    def demand(self, task: TaskInstance) -> Demand:
        """What the step asks of this machine.

        Raises:
            RunError: E448, it asks for more than there is, and the caller wants to know; E449, it is no quantity.
        """
        label = task.component.executor_label or ""
        container = self._executor(label).container
        if container is None or container.resources is None or self._settings.resources == "ignore":
            return Demand()
        context = PlaceholderContext(names=self._names, parameters=task.settings)
        asked = demand_of(container.resources, lambda text: resolve_constant(text, context), task.path)
        demand, cut = asked.fitted(self._machine)
        if cut and self._settings.resources == "strict":
            raise RunError(
                "E448",
                f"the step asks for {' and '.join(cut)}",
                where=task.path,
                hint="run it on a larger machine, or let it be cut to this one with --resources fit",
                kind="system",
            )
        if cut and label not in self._cut:
            self._cut.add(label)
            self._notice(f"{task.path} asks for {' and '.join(cut)}: it gets what there is")
        return demand

    def _executor(self, label: str) -> Executor:
        executor = self._graph.executors.get(label)
        if executor is None:
            raise InvalidPipeline("E212", f"a component uses executor '{label}', which does not exist")
        return executor
