"""What the compiler has made of a pipeline, taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milonga.backends.argo.layout.layout import Layout
from milonga.backends.argo.marks import CODE
from milonga.compiler.graph import Graph
from milonga.compiler.targets import target_named
from milonga.errors import internal_error

_LAYOUT = "layout"


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

    @classmethod
    def compiled(cls, graph: Graph) -> Bundle:
        """The compiled pipeline.

        Raises:
            UnsupportedByTarget: Argo cannot run it.
        """
        return cls.from_text(target_named("argo").emit(graph))

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
        layout = Layout.from_text(found["data"][_LAYOUT]) if found is not None else Layout()
        return cls(tuple(maps), template, layout, tuple(templates[:-1]))
