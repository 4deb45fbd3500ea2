"""Every field of every message of the published format has its place in the Graph."""

import dataclasses
import json
import os
from pathlib import Path

import pytest

from milonga.compiler.graph import component, dag, executor, graph, task
from milonga.compiler.graph.wire import camel_case

SHARED = Path(os.environ.get("MILONGA_SHARED", Path(__file__).parents[4] / "shared"))
SCHEMA = SHARED / "schemas" / "kfp" / "v2.17" / "PipelineSpec.v2alpha1.schema.json"

CLASSES = {
    "ArtifactIteratorSpec": task.ArtifactIterator,
    "ArtifactIteratorSpec.ItemsSpec": task.ArtifactItems,
    "ArtifactTypeSchema": component.ArtifactType,
    "ComponentInputsSpec": component.Inputs,
    "ComponentInputsSpec.ArtifactSpec": component.InputArtifact,
    "ComponentInputsSpec.ParameterSpec": component.InputParameter,
    "ComponentOutputsSpec": component.Outputs,
    "ComponentOutputsSpec.ArtifactSpec": component.OutputArtifact,
    "ComponentOutputsSpec.ParameterSpec": component.OutputParameter,
    "ComponentRef": task.ComponentRef,
    "ComponentSpec": component.Component,
    "DagOutputsSpec": dag.DagOutputs,
    "DagOutputsSpec.ArtifactSelectorSpec": dag.ArtifactSelector,
    "DagOutputsSpec.DagOutputArtifactSpec": dag.DagOutputArtifact,
    "DagOutputsSpec.DagOutputParameterSpec": dag.DagOutputParameter,
    "DagOutputsSpec.ParameterSelectorSpec": dag.ParameterSelector,
    "DagOutputsSpec.ParameterSelectorsSpec": dag.ParameterSelectors,
    "DagSpec": dag.Dag,
    "ParameterIteratorSpec": task.ParameterIterator,
    "ParameterIteratorSpec.ItemsSpec": task.ParameterItems,
    "PipelineDeploymentConfig": graph.Deployment,
    "PipelineDeploymentConfig.ExecutorSpec": executor.Executor,
    "PipelineDeploymentConfig.ImporterSpec": executor.Importer,
    "PipelineDeploymentConfig.PipelineContainerSpec": executor.Container,
    "PipelineDeploymentConfig.PipelineContainerSpec.EnvVar": executor.EnvironmentVariable,
    "PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec": executor.Resources,
    "PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec.AcceleratorConfig": executor.Accelerator,
    "PipelineInfo": graph.PipelineInfo,
    "PipelineSpec": graph.Specification,
    "PipelineTaskInfo": task.TaskInfo,
    "PipelineTaskSpec": task.Task,
    "PipelineTaskSpec.CachingOptions": task.CachingOptions,
    "PipelineTaskSpec.IteratorPolicy": task.IteratorPolicy,
    "PipelineTaskSpec.RetryPolicy": task.RetryPolicy,
    "PipelineTaskSpec.TriggerPolicy": task.TriggerPolicy,
    "PlatformDeploymentConfig": graph.PlatformDeployment,
    "SinglePlatformSpec": graph.Platform,
    "TaskConfigPassthrough": component.ConfigPassthrough,
    "TaskInputsSpec": task.TaskInputs,
    "TaskInputsSpec.InputArtifactSpec": task.ArtifactBinding,
    "TaskInputsSpec.InputArtifactSpec.TaskOutputArtifactSpec": task.TaskOutputArtifact,
    "TaskInputsSpec.InputParameterSpec": task.ParameterBinding,
    "TaskInputsSpec.InputParameterSpec.TaskFinalStatus": task.ProducerStatus,
    "TaskInputsSpec.InputParameterSpec.TaskOutputParameterSpec": task.TaskOutputParameter,
    "ValueOrRuntimeParameter": task.RuntimeValue,
}

KEPT_AS_JSON = {
    "KubernetesWorkspaceConfig",
    "PipelineConfig",
    "PipelineDeploymentConfig.AIPlatformCustomJobSpec",
    "PipelineDeploymentConfig.PipelineContainerSpec.Lifecycle",
    "PipelineDeploymentConfig.PipelineContainerSpec.Lifecycle.Exec",
    "PipelineDeploymentConfig.ResolverSpec",
    "PipelineDeploymentConfig.ResolverSpec.ArtifactQuerySpec",
    "Value",
    "WorkspaceConfig",
}
"""What stays JSON inside of a field, and so loses nothing."""


@pytest.fixture(scope="module")
def messages():
    if not SCHEMA.is_file():
        pytest.skip("no KFP schemas here; set MILONGA_SHARED to the folder that holds schemas/")
    definitions = json.loads(SCHEMA.read_text())["$defs"]
    return {name.removeprefix("ml_pipelines."): set(body.get("properties", {})) for name, body in definitions.items()}


def test_every_message_has_a_class_or_is_kept_as_json(messages):
    assert set(messages) == set(CLASSES) | KEPT_AS_JSON


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_the_fields_of_its_message(name, messages):
    fields = {camel_case(field.name) for field in dataclasses.fields(CLASSES[name])}
    assert fields == messages[name]
