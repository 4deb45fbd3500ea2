"""The outputs of a run, or of a task of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.descriptions import arguments_of
from milonga.backends.argo.layout.layout import indices_of
from milonga.backends.argo.looks import workflow_named
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.outputs.bucket_sources import BucketSources
from milonga.backends.argo.outputs.stored_results import StoredResults
from milonga.backends.argo.task_paths import path_named
from milonga.backends.run_outputs import OutputArtifact, RunOutputs
from milonga.compiler.targets.argo.groups import GroupOutputs
from milonga.engine.recipes.absent import ABSENT
from milonga.engine.recipes.evaluator import Evaluator
from milonga.errors import RunError


def outputs_of(connection: ArgoConnection, run_id: str, *, task: str = "") -> RunOutputs:
    """What a run, or a task, has made so far.

    Raises:
        UsageError: E913, E953, no such task.
        CallFailed: E800-E808; E812, there is no such run; E833, E835-E837, what it has made cannot be read.
    """
    workflow = workflow_named(connection, run_id)
    with StoredResults(connection, workflow) as results:
        if not task:
            return pipeline_outputs(workflow, results)
        tasks = results.tasks()
        return task_outputs(workflow, results, path_named(workflow, tasks, task))


def pipeline_outputs(workflow: Workflow, results: StoredResults) -> RunOutputs:
    """What the pipeline returns; of a run that goes on or has failed, what there is of it.

    Raises:
        CallFailed: E833, E835-E837.
        RunError: E430-E436, the run has succeeded, and an expression does not fit what was made.
    """
    evaluator = Evaluator(sources_of(workflow, results))
    layout = results.layout
    has_all = workflow.phase == "Succeeded"
    return _outputs(workflow.name, "", *_evaluated(evaluator, layout.parameters, layout.artifacts, has_all=has_all))


def task_outputs(workflow: Workflow, results: StoredResults, path: str) -> RunOutputs:
    """What a step has made; of a group nothing is known.

    Raises:
        CallFailed: E833, E835-E837.
    """
    leaf = results.layout.leaf_at(path)
    if leaf is None:
        return RunOutputs(workflow.name, path)
    indices = indices_of(path)
    record = results.record(leaf.slug, indices) or {"parameters": {}, "artifacts": {}}
    sources = sources_of(workflow, results)
    made = {name: sources.artifact(leaf.slug, indices, name, found) for name, found in record["artifacts"].items()}
    parameters = {**dict.fromkeys(leaf.parameters, ABSENT), **record["parameters"]}
    return _outputs(workflow.name, path, parameters, {**dict.fromkeys(leaf.artifacts, ABSENT), **made})


def group_results(
    workflow: Workflow, results: StoredResults, path: str, group: GroupOutputs, *, has_all: bool
) -> RunOutputs:
    """What a task without a pod hands out; unless it `has_all`, since it has succeeded, what there is of it.

    Raises:
        CallFailed: E833, E835-E837.
        RunError: E430-E436, an expression does not fit what was made.
    """
    evaluator = Evaluator(sources_of(workflow, results), indices_of(path))
    return _outputs(workflow.name, path, *_evaluated(evaluator, group.parameters, group.artifacts, has_all=has_all))


def _evaluated(
    evaluator: Evaluator, parameters: Mapping[str, list[Any]], artifacts: Mapping[str, list[Any]], *, has_all: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values by name. Where something was not made, what depends on it need not make sense: it is absent as well."""

    def value(evaluate: Callable[[list[Any]], Any], expression: list[Any]) -> Any:
        try:
            return evaluate(expression)
        except RunError:
            if has_all:
                raise
            return ABSENT

    return (
        {name: value(evaluator.parameter, expression) for name, expression in parameters.items()},
        {name: value(evaluator.artifact, expression) for name, expression in artifacts.items()},
    )


def sources_of(workflow: Workflow, results: StoredResults) -> BucketSources:
    """Where the expressions of a run are looked up."""
    names = {
        "pipeline_job_name": workflow.pipeline,
        "pipeline_job_resource_name": workflow.name,
        "pipeline_job_uuid": workflow.uid,
        "pipeline_job_create_time_utc": str(workflow.metadata.get("creationTimestamp") or ""),
        "pipeline_job_schedule_time_utc": str(workflow.metadata.get("creationTimestamp") or ""),
        "pipeline_root": "",
    }
    return BucketSources(results, arguments_of(workflow, results.layout), names)


def _outputs(run_id: str, path: str, parameters: Mapping[str, Any], artifacts: Mapping[str, Any]) -> RunOutputs:
    made: dict[str, OutputArtifact | tuple[OutputArtifact, ...]] = {}
    for name, found in artifacts.items():
        if found is not ABSENT:
            made[name] = tuple(found) if isinstance(found, list) else found
    return RunOutputs(
        run_id=run_id,
        task=path,
        parameters={name: value for name, value in parameters.items() if value is not ABSENT},
        artifacts=made,
        absent=tuple(sorted(name for name, value in (*parameters.items(), *artifacts.items()) if value is ABSENT)),
    )
