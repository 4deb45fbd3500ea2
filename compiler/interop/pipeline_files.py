"""Pipelines from text: IR files, component files of both generations, and the manifests that carry a pipeline."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from milonga.compiler.document_places import DocumentPlaces
from milonga.compiler.documents import parse_documents, read_pipeline_text
from milonga.compiler.graph import Graph
from milonga.compiler.interop.component_yaml import (
    graph_of_component_yaml,
    is_component_yaml,
    kubernetes_name,
    wrap_step,
)
from milonga.errors import MilongaError

Documents = tuple[Any, ...]


def read_graph(path: Path) -> Graph:
    """The graph of a file, YAML or JSON.

    Raises:
        InvalidPipeline: E200 unreadable, E201-E206 no pipeline; `where` starts with the file's name.
        AuthoringError: E176, a component file that breaks a rule of its format.
    """
    text = read_pipeline_text(path)
    return dataclasses.replace(graph_of_text(text, where=str(path)), places=DocumentPlaces(path, text))


def graph_of_text(text: str, *, where: str = "") -> Graph:
    """The graph of a text; see `read_graph`. `where` names the text in errors."""
    try:
        documents = parse_documents(text)
        read = next((build for matches, build in _FORMS if matches(documents)), Graph.from_documents)
        return _with_tasks(read(documents))
    except MilongaError as error:
        error.where = ": ".join(part for part in (where, error.where) if part)
        raise


def _is_component(documents: Documents) -> bool:
    return is_component_yaml(documents[0])


def _of_component(documents: Documents) -> Graph:
    return graph_of_component_yaml(documents[0])


def _is_manifest(documents: Documents) -> bool:
    return _version_of(documents) is not None


def _of_manifest(documents: Documents) -> Graph:
    """What KFP stores in Kubernetes: the specification of a `PipelineVersion`, and its platform settings."""
    specification = _version_of(documents) or {}
    platforms = specification.get("platformSpec")
    return Graph.from_documents((specification["pipelineSpec"], *([platforms] if platforms else [])))


def _version_of(documents: Documents) -> Mapping[str, Any] | None:
    for document in documents:
        if isinstance(document, Mapping) and document.get("kind") == "PipelineVersion":
            specification = document.get("spec")
            if isinstance(specification, Mapping) and "pipelineSpec" in specification:
                return specification
    return None


_FORMS: tuple[tuple[Callable[[Documents], bool], Callable[[Documents], Graph]], ...] = (
    (_is_component, _of_component),
    (_is_manifest, _of_manifest),
)
"""What a file may hold besides an IR pipeline: how to tell, and how to read it."""


def _with_tasks(graph: Graph) -> Graph:
    """A graph whose root is a step itself, as a pipeline of that step."""
    root = graph.root
    if root.dag is not None or root.executor_label not in graph.executors:
        return graph
    around = wrap_step(kubernetes_name(graph.name) or "step", root, graph.executors)
    return graph.replace(root=around.root, components={**graph.components, **around.components})


__all__ = ["graph_of_text", "read_graph"]
