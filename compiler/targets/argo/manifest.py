"""The Kubernetes objects of a pipeline."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from milonga.compiler.graph import Graph
from milonga.compiler.graph.component import Component, schema_title
from milonga.compiler.graph.document_value import document_value
from milonga.compiler.targets.argo.archive import digest, pipeline_archive, program_archive
from milonga.compiler.targets.argo.cache_keys import CacheKeys
from milonga.compiler.targets.argo.caps import parts_of, require_run_size, require_size, require_tasks
from milonga.compiler.targets.argo.control.channels import Channels
from milonga.compiler.targets.argo.dag_templates import DagTemplates
from milonga.compiler.targets.argo.emission import Emission
from milonga.compiler.targets.argo.known_results import KnownResults
from milonga.compiler.targets.argo.leaf_templates import CODE_VOLUME, OUTPUT_VOLUME, LeafTemplates
from milonga.compiler.targets.argo.names import object_name, pipeline_label, workflow_parameters
from milonga.compiler.targets.argo.origins import Origins
from milonga.compiler.targets.argo.places import Place, Places
from milonga.compiler.targets.argo.recipe_texts import RecipeWriter
from milonga.compiler.targets.argo.step_kinds import step_kind
from milonga.compiler.targets.argo.together.pod_group import PodGroups
from milonga.compiler.targets.argo.workspace import workspace_fields
from milonga.compiler.trace.library import DEFAULT_IMAGE
from milonga.runtime.argo.layout import PROGRAM_FILE, RECIPES_FILE, REUSE_PARAMETER
from milonga.runtime.argo.text import escaped_json

_PATIENT = {"env": [{"name": "EXECUTOR_RETRY_BACKOFF_STEPS", "value": "9"}]}
"""A store that is away for some minutes must not cost the result of a finished task; Argo's own patience is 12 s."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is sent to a cluster.

    Attributes:
        config_maps: the program of every pod, and this pipeline's recipes and code.
        name: of the pipeline as a Kubernetes object.
        metadata: labels and annotations of the workflow object and of its runs.
        spec: of the workflow object.
    """

    config_maps: tuple[dict[str, Any], ...]
    name: str
    metadata: dict[str, Any]
    spec: dict[str, Any]


def manifest(graph: Graph, known: KnownResults | None = None) -> Manifest:
    """The objects of a pipeline; the same pipeline, the same objects.

    Args:
        graph: the pipeline.
        known: results that need no pod any more; for one run alone.

    Raises:
        UnsupportedByTarget: E315-E319, something that Argo cannot do; E361, E362, tasks that cannot share a pod.
    """
    places = Places(graph)
    known = known or {}
    origins = Origins(graph, places, known)
    parameters = workflow_parameters(graph.root)
    groups = PodGroups(graph, places)
    channels = Channels(graph, places, parameters, groups, known)
    recipes = RecipeWriter(graph, places, origins)
    key_recipes = RecipeWriter(graph, places, Origins(graph, places)) if known else recipes
    keys = CacheKeys(graph)
    keys.add_steps(places, key_recipes)
    leaves = LeafTemplates(graph, channels, recipes, keys, runtime_image(graph))
    emission = Emission(
        graph=graph,
        places=places,
        groups=groups,
        origins=origins,
        channels=channels,
        recipes=recipes,
        keys=keys,
        leaves=leaves,
        known=known,
    )
    writer = DagTemplates(emission)
    entrypoint = writer.run()
    layout = {
        "pipeline": graph.name,
        "graph": graph.digest(),
        "inputs": parameters,
        "leaves": {
            place.slug: {
                "path": place.path,
                "depth": place.depth,
                "outputs": _declared(place.component, recipes.artifact_slugs[place.slug]),
                **_reused(place, keys, groups, known),
            }
            for place in places
            if place.slug
        },
        "dags": writer.layout,
        "outputs": origins.outputs(),
    }
    labels = {recipe.body["executor"] for recipe in writer.recipes} - {""}
    archive = pipeline_archive(graph, labels, writer.recipes, writer.group_recipes, layout)
    name = object_name(graph.name)
    program = program_archive()
    code = {
        "binaryData": {RECIPES_FILE: _base64(archive)},
    }
    code_name = f"{name[:50]}-{digest(archive)}"
    program_name = f"milonga-runtime-{digest(program)}"
    metadata = {
        "labels": {"app.kubernetes.io/managed-by": "milonga", "milonga.dev/pipeline": pipeline_label(graph.name)},
        "annotations": {"milonga.dev/graph": graph.digest(), "milonga.dev/code": code_name},
    }
    maps = (
        _config_map(program_name, {"binaryData": {PROGRAM_FILE: _base64(program)}}),
        _config_map(code_name, code, metadata["labels"]),
    )
    for item in maps:
        require_size(
            item, "the pipeline's code is too large for a ConfigMap", "put modules into the image of the components"
        )
    require_tasks(list(writer.templates.values()))
    spec = _spec(graph, entrypoint, list(writer.templates.values()), parameters, (program_name, code_name), metadata)
    return Manifest(maps, name, metadata, spec)


def _reused(place: Place, keys: CacheKeys, groups: PodGroups, known: KnownResults) -> dict[str, Any]:
    """What whoever submits must know to find an earlier result, or has found."""
    if place.slug in known:
        found = known[place.slug]
        return {"known": {"parameters": dict(found.parameters), "run": found.run}}
    key = keys.of(place.slug)
    is_alone = not place.depth and groups.around(place) is None and not place.component.output_artifacts
    return {"key": [key.code, *key.inputs]} if key is not None and is_alone else {}


def _spec(
    graph: Graph,
    entrypoint: str,
    templates: list[dict[str, Any]],
    parameters: dict[str, str],
    config_maps: tuple[str, ...],
    metadata: dict[str, Any],
) -> dict[str, Any]:
    root = graph.root
    arguments = [
        {"name": parameters[name], "value": escaped_json(document_value(declared.default_value))}
        if document_value(declared.default_value) is not None or declared.is_optional
        else {"name": parameters[name]}
        for name, declared in root.input_parameters.items()
    ]
    arguments += [
        {"name": parameters[name], **({"value": "null"} if declared.is_optional else {})}
        for name, declared in root.input_artifacts.items()
    ]
    arguments.append({"name": REUSE_PARAMETER, "value": "yes"})
    spec: dict[str, Any] = {
        "arguments": {"parameters": arguments},
        "entrypoint": entrypoint,
        "podSpecPatch": json.dumps(
            {"containers": [{"name": "wait", **_PATIENT}], "initContainers": [{"name": "init", **_PATIENT}]}
        ),
        "templates": templates,
        "volumes": [
            {"name": CODE_VOLUME, "projected": {"sources": [{"configMap": {"name": name}} for name in config_maps]}},
            {"name": OUTPUT_VOLUME, "emptyDir": {}},
        ],
        "workflowMetadata": metadata,
        **workspace_fields(graph),
    }
    limit_s = int(graph.run_settings().get("activeDeadlineSeconds") or 0)
    if limit_s:
        spec["activeDeadlineSeconds"] = limit_s
    return spec


def runtime_image(graph: Graph) -> str:
    """An image with Python that the pipeline uses anyway."""
    used = Counter(
        executor.container.image
        for executor in graph.executors.values()
        if executor.container is not None and executor.container.image and "{{$" not in executor.container.image
        for component in graph.components.values()
        if component.executor_label is not None
        and graph.executors.get(component.executor_label) is executor
        and step_kind(graph, component) == "python"
    )
    return max(sorted(used), key=lambda image: used[image]) if used else DEFAULT_IMAGE


def _declared(component: Component, slugs: dict[str, str]) -> dict[str, Any]:
    artifacts = {}
    for name, declared in component.output_artifacts.items():
        title = schema_title(declared.artifact_type)
        artifacts[name] = {"slug": slugs[name], "type": title, "list": bool(declared.is_artifact_list)}
    parameters = {name: declared.parameter_type for name, declared in component.output_parameters.items()}
    return {"parameters": parameters, "artifacts": artifacts}


def _config_map(name: str, content: dict[str, Any], labels: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": labels or {"app.kubernetes.io/managed-by": "milonga"}},
        "immutable": True,
        **content,
    }


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def documents(made: Manifest, kind: str) -> Iterator[dict[str, Any]]:
    """The objects as JSON, the workflow object last.

    Args:
        made: what is to be written.
        kind: WorkflowTemplate, ClusterWorkflowTemplate or Workflow.

    Raises:
        UnsupportedByTarget: E316, an object, or what a run keeps of them, is larger than an API server takes.
    """
    (_, first), *more = parts_of(made.spec["templates"], made.name, kind)
    own = {"generateName": f"{made.name}-"} if kind == "Workflow" else {"name": made.name}
    others = [({"name": name, "labels": made.metadata["labels"]}, {"templates": part}) for name, part in more]
    objects: list[dict[str, Any]] = [
        {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
        for metadata, spec in [*others, ({**own, **made.metadata}, {**made.spec, "templates": first})]
    ]
    for item in objects:
        require_size(item, "the pipeline is too large for one object", "write tasks that are alike as a loop")
    require_run_size([item["spec"] for item in objects], made.name)
    yield from made.config_maps
    yield from objects
