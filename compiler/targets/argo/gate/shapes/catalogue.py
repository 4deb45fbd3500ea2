"""Which shape a document is held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from milonga.compiler.targets.argo.gate.document import API_VERSION, Document
from milonga.compiler.targets.argo.gate.shapes.crd_files import shape_in
from milonga.compiler.targets.argo.gate.shapes.field_table import table_shapes
from milonga.compiler.targets.argo.gate.shapes.shape import ANYTHING, Shape


@dataclass(frozen=True, slots=True)
class ShapeSource:
    """The user's definitions where there are any, else the table of fields.

    Attributes:
        version: the line of Argo.
        schemas: the user's folder or file, or None.
    """

    version: str
    schemas: Path | None
    _read: dict[str, Shape] = field(default_factory=dict, init=False, repr=False, compare=False)

    def shape_of(self, document: Document) -> Shape:
        """The shape of a document; of anything, for a kind that the gate does not know.

        Raises:
            UnsupportedByTarget: E322, the definitions cannot be read or lack the kind.
        """
        known = table_shapes(self.version).get(document.kind, ANYTHING)
        if self.schemas is None or known is ANYTHING or document.data.get("apiVersion") != API_VERSION:
            return known
        if document.kind not in self._read:
            found = shape_in(self.schemas, self.version, document.kind)
            # Minimal definitions take everything below `spec`: then the table says more than they do.
            spec = found.fields.get("spec", ANYTHING)
            self._read[document.kind] = known if spec.is_open and not spec.fields else found
        return self._read[document.kind]


def shape_source(version: str, schemas: Path | None) -> ShapeSource:
    """The source for one call of the gate."""
    return ShapeSource(version, schemas)
