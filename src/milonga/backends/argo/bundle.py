"""What the compiler has made of a pipeline, taken apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milonga.backends.argo.layout.layout import Layout
from milonga.backends.argo.marks import CODE, PIPELINE
from milonga.compiler.graph import Graph
from milonga.compiler.targets.argo import ArgoTarget
from milonga.compiler.targets.argo.known_results import KnownResults
from milonga.errors import internal_error

VERSION = "milonga.dev/version"
"""The label of what is named by its content, with the end of its name: nothing else has it."""

_DIGEST_LENGTH = 10
_NAME_MAX = 63


@dataclass(frozen=True, slots=True)
class Bundle:
    """A compiled pipeline.

    Attributes:
        config_maps: its code and the program that runs it, each named by its content.
        template: its WorkflowTemplate.
        further: WorkflowTemplates that it refers to, where one object would be too large.
        layout: what they say about themselves.
    """

    config_maps: tuple[Mapping[str, Any], ...]
    template: Mapping[str, Any]
    layout: Layout
    further: tuple[Mapping[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """The name of the WorkflowTemplate."""
        return str(self.template["metadata"]["name"])

    @property
    def labels(self) -> dict[str, str]:
        """The labels of everything of this pipeline."""
        return dict(self.template["metadata"].get("labels") or {})

    @property
    def annotations(self) -> dict[str, str]:
        """Likewise."""
        return dict(self.template["metadata"].get("annotations") or {})

    def named_by_content(self) -> Bundle:
        """The same with templates whose names nothing else can have.

        Runs and schedules refer to these: somebody who submits other code under the pipeline's name changes nothing of
        them.
        """
        parts = (*self.further, self.template)
        text = json.dumps([part["spec"] for part in parts], sort_keys=True)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
        names = {part["metadata"]["name"]: _with_digest(part["metadata"]["name"], digest) for part in parts}
        *further, template = (_labelled(_renamed(part, names), digest) for part in parts)
        return Bundle(self.config_maps, template, self.layout, tuple(further))

    def newest(self) -> dict[str, Any]:
        """The template under the pipeline's own name. It calls further ones by content, so it alone is replaced."""
        return {**self.named_by_content().template, "metadata": self.template["metadata"]}

    @classmethod
    def compiled(cls, graph: Graph, known: KnownResults | None = None) -> Bundle:
        """The compiled pipeline.

        Args:
            graph: the pipeline.
            known: results that are known before the run.

        Raises:
            UnsupportedByTarget: Argo cannot run it.
        """
        return cls.from_text(ArgoTarget().emit_run(graph, known or {}))

    @classmethod
    def from_text(cls, text: str) -> Bundle:
        """The bundle in the compiler's own text."""
        import yaml

        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        objects = [item for item in yaml.load_all(text, Loader=loader) if item]
        by_kind: dict[str, list[Mapping[str, Any]]] = {}
        for item in objects:
            by_kind.setdefault(str(item["kind"]), []).append(item)
        maps, templates = by_kind.get("ConfigMap", []), by_kind.get("WorkflowTemplate", [])
        if not templates:
            raise internal_error(f"the target 'argo' has made no WorkflowTemplate but {', '.join(sorted(by_kind))}")
        template = templates[-1]
        code = (template["metadata"].get("annotations") or {}).get(CODE)
        found = next((item for item in maps if item["metadata"]["name"] == code), None)
        layout = Layout.from_config_map(found) if found is not None else Layout()
        return cls(tuple(_versioned(item) for item in maps), template, layout, tuple(templates[:-1]))


def _with_digest(name: str, digest: str) -> str:
    """A name of at most 63 characters; what comes after a dot, the number of a part, stays."""
    stem, dot, part = name.partition(".")
    ending = f"{dot}{part}-{digest}"
    return stem[: _NAME_MAX - len(ending)].rstrip("-") + ending


def _labelled(item: Mapping[str, Any], version: str) -> dict[str, Any]:
    metadata = item["metadata"]
    return {**item, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), VERSION: version}}}


def _versioned(config_map: Mapping[str, Any]) -> Mapping[str, Any]:
    """A ConfigMap with the mark of what is named by its content; that of all pipelines stays as it is."""
    metadata = config_map["metadata"]
    if PIPELINE not in (metadata.get("labels") or {}):
        return config_map
    return _labelled(config_map, str(metadata["name"]).rpartition("-")[2])


def _renamed(template: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A template under its new name, whose tasks call those of others under theirs."""
    spec = dict(template["spec"])
    spec["templates"] = [_calling(item, names) for item in spec["templates"]]
    name = names[template["metadata"]["name"]]
    return {**template, "metadata": {**template["metadata"], "name": name}, "spec": spec}


def _calling(item: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    if "dag" not in item:
        return dict(item)
    tasks = [
        {**task, "templateRef": {**task["templateRef"], "name": names[task["templateRef"]["name"]]}}
        if "templateRef" in task
        else task
        for task in item["dag"]["tasks"]
    ]
    return {**item, "dag": {**item["dag"], "tasks": tasks}}
