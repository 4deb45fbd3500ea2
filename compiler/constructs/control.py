"""Conditions, loops, what leaves them, exit tasks, nested pipelines."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.compiler.constructs.base import Construct, Occurrence, tasks_where
from milonga.compiler.constructs.execution import is_importer, is_volume_step
from milonga.compiler.graph import Component, Task
from milonga.compiler.scope import Scope
from milonga.runtime.program import is_milonga_command


def _takes_status(task: Task, component: Component | None) -> bool:
    declared = component.input_parameters.values() if component else ()
    return any(binding.task_final_status for binding in task.parameter_bindings.values()) or any(
        parameter.parameter_type == "TASK_FINAL_STATUS" for parameter in declared
    )


def _nested_dag(scope: Scope, name: str) -> bool:
    used = scope.used(scope.tasks[name])
    return used is not None and used.dag is not None


def _condition(scope: Scope, name: str) -> bool:
    return bool(scope.tasks[name].condition)


def _condition_on_importer(scope: Scope, name: str) -> bool:
    return bool(scope.tasks[name].condition) and is_importer(scope, name)


def _static_loop(scope: Scope, name: str) -> bool:
    iterator = scope.tasks[name].parameter_iterator
    return iterator is not None and iterator.items is not None and iterator.items.raw is not None


def _dynamic_loop(scope: Scope, name: str) -> bool:
    iterator = scope.tasks[name].parameter_iterator
    return iterator is not None and iterator.items is not None and iterator.items.input_parameter is not None


def _loop_over_part(scope: Scope, name: str) -> str:
    """The selector of a loop's own task: whatever it selects, the driver of an iteration cannot find it again."""
    task = scope.tasks[name]
    if task.parameter_iterator is None:
        return ""
    selectors = (binding.parameter_expression_selector for binding in task.parameter_bindings.values())
    return next((selector for selector in selectors if selector), "")


def _loop_over_artifacts(scope: Scope, name: str) -> bool:
    return scope.tasks[name].artifact_iterator is not None


def _limited_loop(scope: Scope, name: str) -> str:
    policy = scope.tasks[name].iterator_policy
    return f"at most {policy.parallelism_limit} at a time" if policy and policy.parallelism_limit else ""


def _collected(kind: str) -> Construct:
    def find(scope: Scope) -> Iterator[Occurrence]:
        for name, task in scope.tasks.items():
            if kind == "parameter":
                made = [
                    binding.task_output_parameter.producer_task
                    for binding in task.parameter_bindings.values()
                    if binding.task_output_parameter is not None
                ]
            else:
                made = [
                    binding.task_output_artifact.producer_task
                    for binding in task.artifact_bindings.values()
                    if binding.task_output_artifact is not None
                ]
            loops = sorted({producer for producer in made if producer in scope.tasks and scope.tasks[producer].is_loop})
            if loops:
                yield Occurrence(name, f"from {', '.join(loops)}")

    return Construct(f"collected-{kind}", f"{kind}s of all iterations of a loop, as a list", find)


def _oneof_parameters(scope: Scope) -> Iterator[Occurrence]:
    outputs = (scope.component.dag.outputs if scope.component.dag else None) or None
    for name, output in ((outputs.parameters if outputs else None) or {}).items():
        if output.value_from_oneof is not None:
            yield Occurrence("", f"output '{name}'")


def _oneof_artifacts(scope: Scope) -> Iterator[Occurrence]:
    outputs = (scope.component.dag.outputs if scope.component.dag else None) or None
    for name, output in ((outputs.artifacts if outputs else None) or {}).items():
        if len(output.artifact_selectors or ()) > 1:
            yield Occurrence("", f"output '{name}'")


def _exit_handler(scope: Scope, name: str) -> bool:
    waits = _ends_awaited(scope, name)
    return any(_nested_dag(scope, other) and not scope.tasks[other].is_loop for other in waits)


def _ends_awaited(scope: Scope, name: str) -> list[str]:
    """The tasks at whose end a task runs, failed or not; none for a task that needs success."""
    task = scope.tasks[name]
    return sorted({other for other in task.dependent_tasks or () if other in scope.tasks}) if task.runs_anyway else []


def _ends_unseen(scope: Scope, name: str) -> bool:
    """Whether KFP hangs no exit task on this one: on no loop, importer and step that makes or deletes a volume."""
    return scope.tasks[name].is_loop or is_importer(scope, name) or is_volume_step(scope, name)


def _runs_anyway(scope: Scope, name: str) -> bool:
    seen = [other for other in _ends_awaited(scope, name) if not _ends_unseen(scope, other)]
    return bool(seen) and not _exit_handler(scope, name)


def _exit_task_of_loop(scope: Scope, name: str) -> str:
    unseen = [other for other in _ends_awaited(scope, name) if _ends_unseen(scope, other)]
    return f"of {', '.join(unseen)}" if unseen else ""


def _exit_task_of_several(scope: Scope, name: str) -> str:
    waits = _ends_awaited(scope, name)
    runs = any(not _ends_unseen(scope, other) for other in waits)
    return f"of {', '.join(waits)}" if runs and len(waits) > 1 else ""


def _after_last_resort(scope: Scope, name: str) -> str:
    waits = sorted(
        other for other in scope.tasks[name].producers() if other in scope.tasks and scope.tasks[other].runs_anyway
    )
    return f"after {', '.join(waits)}" if waits else ""


def _several_last_resorts(scope: Scope) -> Iterator[Occurrence]:
    waiting: dict[str, list[str]] = {}
    for name, task in scope.tasks.items():
        if task.runs_anyway:
            for other in task.dependent_tasks or ():
                waiting.setdefault(other, []).append(name)
    for other, names in waiting.items():
        if len(names) > 1:
            yield Occurrence(other, f"{', '.join(sorted(names))} all run at its end")


def _lonely_last_resort(scope: Scope, name: str) -> bool:
    task = scope.tasks[name]
    return task.runs_anyway and not task.dependent_tasks


def _final_status(scope: Scope, name: str) -> bool:
    task = scope.tasks[name]
    return _takes_status(task, scope.used(task)) and task.runs_anyway


def _status_unread(scope: Scope, name: str) -> bool:
    """Whether the status goes to a step that is not milonga's, which would take its words as they come."""
    executor = scope.executor_of(scope.tasks[name])
    container = executor.container if executor is not None else None
    is_ours = container is not None and is_milonga_command(container.command)
    return _final_status(scope, name) and executor is not None and not is_ours


def _stray_status(scope: Scope, name: str) -> bool:
    task = scope.tasks[name]
    return _takes_status(task, scope.used(task)) and not task.runs_anyway


CONSTRUCTS = (
    Construct("nested-dag", "a task that is a DAG: nested pipeline, branch, loop body", tasks_where(_nested_dag)),
    Construct("condition", "a condition on a task or group", tasks_where(_condition)),
    Construct("condition-on-importer", "a condition directly on an importer", tasks_where(_condition_on_importer)),
    Construct("loop-static", "a loop over values known at compile time", tasks_where(_static_loop)),
    Construct("loop-dynamic", "a loop over a list that the run makes", tasks_where(_dynamic_loop)),
    Construct("loop-over-part", "a loop whose task takes a part of a value", tasks_where(_loop_over_part)),
    Construct("loop-over-artifacts", "a loop over a list of artifacts", tasks_where(_loop_over_artifacts)),
    Construct("loop-parallelism-limit", "a loop with a limit of parallel iterations", tasks_where(_limited_loop)),
    _collected("parameter"),
    _collected("artifact"),
    Construct("oneof-parameter", "a parameter of whichever branch ran", _oneof_parameters),
    Construct("oneof-artifact", "an artifact of whichever branch ran", _oneof_artifacts),
    Construct("exit-handler", "a task that runs when a group has ended, failed or not", tasks_where(_exit_handler)),
    Construct("ignore-upstream-failure", "a task that runs though a task before it failed", tasks_where(_runs_anyway)),
    Construct("after-exit-task", "a task that waits for one of those two", tasks_where(_after_last_resort)),
    Construct("several-exit-tasks", "several tasks that run at the end of one task", _several_last_resorts),
    Construct("exit-task-of-loop", "an exit task of a loop or an importer", tasks_where(_exit_task_of_loop)),
    Construct("exit-task-of-several", "an exit task of several tasks", tasks_where(_exit_task_of_several)),
    Construct(
        "exit-task-without-upstream", "an exit task that names no task to wait for", tasks_where(_lonely_last_resort)
    ),
    Construct("task-final-status", "the final status of a group, given to its exit task", tasks_where(_final_status)),
    Construct("task-final-status-unread", "a final status given to a step of kfp's", tasks_where(_status_unread)),
    Construct("task-final-status-elsewhere", "a final status outside of an exit task", tasks_where(_stray_status)),
)
