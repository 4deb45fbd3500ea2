"""What is left of a Graph for a reader that knows only the older fields and one document.

Rule: the smallest field set. Vertex has refused files with new fields before (kubeflow/pipelines issue 8825, and the
`custom_path` of kfp 2.15.0); what is left out here is named by the findings of the target.
"""

from __future__ import annotations

import dataclasses

from milonga.compiler.graph import Component, Executor, Graph, InputParameter, Inputs, Task
from milonga.compiler.graph.task import CachingOptions


def reduce(graph: Graph) -> Graph:
    """The graph without platform documents and without fields newer than KFP 2.13."""
    specification = graph.specification
    deployment = specification.deployment_spec
    executors = {label: _executor(executor) for label, executor in graph.executors.items()}
    return dataclasses.replace(
        graph,
        platforms=None,
        specification=dataclasses.replace(
            specification,
            root=_component(specification.root),
            components={name: _component(component) for name, component in graph.components.items()} or None,
            deployment_spec=dataclasses.replace(deployment, executors=executors) if deployment else None,
        ),
    )


def _component(component: Component) -> Component:
    dag = component.dag
    if dag is not None and dag.tasks is not None:
        dag = dataclasses.replace(dag, tasks={name: _task(task) for name, task in dag.tasks.items()})
    inputs = component.input_definitions
    if inputs is not None and inputs.parameters is not None:
        parameters = {name: _parameter(parameter) for name, parameter in inputs.parameters.items()}
        inputs = Inputs(parameters, inputs.artifacts)
    return dataclasses.replace(
        component, dag=dag, input_definitions=inputs, single_platform_specs=None, task_config_passthroughs=None
    )


def _parameter(parameter: InputParameter) -> InputParameter:
    return dataclasses.replace(parameter, literals=None) if parameter.literals is not None else parameter


def _task(task: Task) -> Task:
    options = task.caching_options
    if options is None or options.cache_key is None:
        return task
    return dataclasses.replace(task, caching_options=CachingOptions(options.enable_cache))


def _executor(executor: Executor) -> Executor:
    importer = executor.importer
    if importer is None or importer.download_to_workspace is None:
        return executor
    return dataclasses.replace(executor, importer=dataclasses.replace(importer, download_to_workspace=None))
