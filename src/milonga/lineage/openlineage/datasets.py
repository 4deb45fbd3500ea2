"""Artifacts as data sets: what they are called, and what is known about them.

What a task makes is called after that task, "PIPELINE.TASK.OUTPUT", so that it is one data set with many versions, as a
table is, and the version is the digest of its content. What was given from outside is called after its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from milonga.lineage.ancestry import listed
from milonga.lineage.openlineage.facets import facet, own_facet
from milonga.lineage.records import ArtifactRecord, Artifacts, TaskRecord
from milonga.lineage.store import LineageStore

_ITERATION = re.compile(r"\[\d+\]")


def job_name(pipeline: str, path: str = "") -> str:
    """The job of a pipeline or of a task in it; all iterations of a loop are runs of one job."""
    return ".".join([pipeline, *_ITERATION.sub("", path).split("/")]) if path else pipeline


class Datasets:
    """Names of the artifacts of one run.

    Args:
        tasks: the tasks of the run that are exported.
        pipeline: name of the run's pipeline.
        store: where makers of what came from other runs are looked up.
        namespace: of everything that tasks make.
    """

    def __init__(self, tasks: tuple[TaskRecord, ...], pipeline: str, store: LineageStore, namespace: str) -> None:
        self._pipeline = pipeline
        self._store = store
        self._namespace = namespace
        self._made: dict[str, tuple[str, str]] = {}
        self._elsewhere: dict[str, str | None] = {}
        for task in sorted(tasks, key=lambda task: (task.started_at or 0.0, task.path)):
            if task.kind == "step":
                for name, _, record in listed(task.output_artifacts):
                    self._made.setdefault(record.digest or record.uri, (task.path, name))

    def inputs(self, task: TaskRecord) -> list[dict[str, Any]]:
        """What a task took."""
        return [
            self._dataset(self._taken_from(record), record, "input")
            for record in _without_repetition(task.input_artifacts)
        ]

    def outputs(self, task: TaskRecord) -> list[dict[str, Any]]:
        """What a task made."""
        found: list[dict[str, Any]] = []
        for name, value in task.output_artifacts.items():
            for record in _without_repetition({name: value}):
                made = self._namespace, f"{job_name(self._pipeline, task.path)}.{name}"
                found.append(self._dataset(made, record, "output"))
        return found

    def _taken_from(self, record: ArtifactRecord) -> tuple[str, str]:
        made = self._made.get(record.digest or record.uri)
        if made is not None:
            return self._namespace, f"{job_name(self._pipeline, made[0])}.{made[1]}"
        elsewhere = self._made_elsewhere(record.digest)
        return (self._namespace, elsewhere) if elsewhere is not None else place_of(record.uri)

    def _made_elsewhere(self, digest: str) -> str | None:
        """The data set of another run that has this content, the earliest."""
        if digest and digest not in self._elsewhere:
            self._elsewhere[digest] = None
            for run_id, path, output in sorted(self._store.producers_of(digest))[:1]:
                run = self._store.run(run_id)
                if run is not None:
                    self._elsewhere[digest] = f"{job_name(run.pipeline, path)}.{output}"
        return self._elsewhere.get(digest)

    def _dataset(self, identifier: tuple[str, str], record: ArtifactRecord, side: str) -> dict[str, Any]:
        namespace, name = identifier
        place = place_of(record.uri)
        facets: dict[str, Any] = {
            "dataSource": facet("DatasourceDatasetFacet", name=place[0], uri=_as_uri(record.uri)),
            "datasetType": facet("DatasetTypeDatasetFacet", datasetType=_kind_of(record), subType=record.type),
            "milonga_artifact": own_facet(
                "MilongaArtifactDatasetFacet", digest=record.digest, type=record.type, metadata=dict(record.metadata)
            ),
        }
        if record.digest:
            facets["version"] = facet("DatasetVersionDatasetFacet", datasetVersion=record.digest)
        if place != identifier:
            known = {"namespace": place[0], "name": place[1], "type": "location"}
            facets["symlinks"] = facet("SymlinksDatasetFacet", identifiers=[known])
        fields = _fields_of(record.metadata)
        if fields:
            facets["schema"] = facet("SchemaDatasetFacet", fields=fields)
        dataset: dict[str, Any] = {"namespace": namespace, "name": name, "facets": facets}
        if side == "output":
            facets["lifecycleStateChange"] = facet("LifecycleStateChangeDatasetFacet", lifecycleStateChange="CREATE")
            size = facet("OutputStatisticsOutputDatasetFacet", size=record.size_bytes)
            dataset["outputFacets"] = {"outputStatistics": size}
        else:
            size = facet("InputStatisticsInputDatasetFacet", size=record.size_bytes)
            dataset["inputFacets"] = {"inputStatistics": size}
        return dataset


def _without_repetition(artifacts: Artifacts) -> list[ArtifactRecord]:
    """Every content once: a list may hold the same one many times."""
    return list({(record.digest, record.uri): record for _, _, record in listed(artifacts)}.values())


def place_of(uri: str) -> tuple[str, str]:
    """Namespace and name of a place, as OpenLineage spells them: "s3://bucket" and "key", "file" and "/path"."""
    scheme, separator, rest = uri.partition("://")
    if not separator or scheme == "file":
        return "file", rest if separator else uri
    authority, _, path = rest.partition("/")
    return f"{scheme}://{authority}", path or "/"


def _as_uri(uri: str) -> str:
    """Always a URI, of a path too, with everything escaped that a URI may not hold."""
    if "://" in uri and urlsplit(uri).scheme:
        return quote(uri, safe="%/:?#[]@!$&'()*+,;=~")
    path = Path(uri)
    return path.as_uri() if path.is_absolute() else f"file:{quote(path.as_posix())}"


def _kind_of(record: ArtifactRecord) -> str:
    return "MODEL" if record.type.rpartition(".")[2].endswith("Model") else "FILE"


def _fields_of(metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Columns, where the maker has recorded them: names, or name → type."""
    for key in ("columns", "schema", "features"):
        value = metadata.get(key)
        if isinstance(value, Mapping) and all(isinstance(kind, str) for kind in value.values()):
            return [{"name": str(name), "type": kind} for name, kind in value.items()]
        if isinstance(value, list) and value and all(isinstance(name, str) for name in value):
            return [{"name": name} for name in value]
    return []
