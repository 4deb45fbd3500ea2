"""One document of a file of manifests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

API_VERSION: Final = "argoproj.io/v1alpha1"
TEMPLATE_KINDS: Final = ("WorkflowTemplate", "ClusterWorkflowTemplate")


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A document, its place in the file, and what it says that it is.

    Attributes:
        index: which document of the file, from 0.
        kind: "Workflow", "ConfigMap" and so on; "" where it does not say.
        name: its name or the beginning of a generated one.
        data: the whole document.
    """

    index: int
    kind: str
    name: str
    data: Mapping[Any, Any]

    @classmethod
    def of(cls, index: int, given: Any) -> Document:
        """The document, with what of its head can be read; what is no mapping says nothing."""
        data: Mapping[Any, Any] = given if isinstance(given, Mapping) else {}
        kind, metadata = data.get("kind"), data.get("metadata")
        fields = metadata if isinstance(metadata, Mapping) else {}
        name = fields.get("name") or fields.get("generateName")
        return cls(index, kind if isinstance(kind, str) else "", name if isinstance(name, str) else "", data)

    @property
    def is_template(self) -> bool:
        """Whether others refer to this document, and nothing in it runs by itself."""
        return self.kind in TEMPLATE_KINDS
