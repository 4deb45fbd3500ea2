"""Facets: what an event says beside the bare names. Versions are those of the published specification, August 2026.

A facet of the specification names its schema there; our own name `facets.json` beside this file, which describes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from milonga.__about__ import __version__

PRODUCER = f"https://github.com/milonga-mlops/milonga/tree/v{__version__}"
EVENT_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_OWN = (
    f"https://github.com/milonga-mlops/milonga/blob/v{__version__}/src/milonga/lineage/openlineage/facets.json#/$defs/"
)

_VERSIONS = {
    "DatasetTypeDatasetFacet": "1-0-1",
    "DatasetVersionDatasetFacet": "1-0-1",
    "DatasourceDatasetFacet": "1-0-1",
    "DocumentationJobFacet": "1-1-0",
    "ErrorMessageRunFacet": "1-0-1",
    "ExecutionParametersRunFacet": "1-0-0",
    "InputStatisticsInputDatasetFacet": "1-0-0",
    "JobTypeJobFacet": "2-0-4",
    "LifecycleStateChangeDatasetFacet": "1-0-1",
    "OutputStatisticsOutputDatasetFacet": "1-0-2",
    "ParentRunFacet": "1-2-0",
    "ProcessingEngineRunFacet": "1-1-1",
    "SchemaDatasetFacet": "1-2-0",
    "SourceCodeLocationJobFacet": "1-1-0",
    "SymlinksDatasetFacet": "1-0-1",
}


def facet(name: str, /, **fields: Any) -> dict[str, Any]:
    """A facet of the specification."""
    schema = f"https://openlineage.io/spec/facets/{_VERSIONS[name]}/{name}.json#/$defs/{name}"
    return {"_producer": PRODUCER, "_schemaURL": schema, **fields}


def own_facet(name: str, /, **fields: Any) -> dict[str, Any]:
    """A facet of ours."""
    return {"_producer": PRODUCER, "_schemaURL": f"{_OWN}{name}", **plain(fields)}


def plain(value: Any) -> Any:
    """`value` with what JSON has no number for as text: NaN and the infinities."""
    return json.loads(json.dumps(value), parse_constant=str)


def parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of parameters, each as JSON text, since the specification takes text only."""
    listed = [{"key": name, "value": json.dumps(plain(values[name]), sort_keys=True)} for name in sorted(values)]
    return facet("ExecutionParametersRunFacet", parameters=listed)
