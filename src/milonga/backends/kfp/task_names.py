"""The tasks that the pipeline of a run has, by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from milonga.backends.call_failed import CallFailed
from milonga.backends.kfp.kfp_connection import KfpConnection


def task_names(connection: KfpConnection, run: Any) -> frozenset[str]:
    """Names of all tasks at all levels; none when the server no longer has the pipeline.

    A run that refers to a version does not carry the pipeline, so the version is read, once a connection.

    Args:
        connection: the server.
        run: the run as the server has answered.

    Raises:
        CallFailed: E800-E808.
    """
    reference = run.pipeline_version_reference
    if reference is None or not reference.pipeline_id or not reference.pipeline_version_id:
        return frozenset(_names(run.pipeline_spec))
    return connection.kept(
        f"tasks of {reference.pipeline_version_id}",
        lambda: frozenset(_names(_version(connection, reference.pipeline_id, reference.pipeline_version_id))),
    )


def _version(connection: KfpConnection, pipeline_id: str, version_id: str) -> Any:
    read = connection.client.pipelines.pipeline_service_get_pipeline_version
    try:
        answer = connection.read(
            f"version '{version_id}'", read, pipeline_id=pipeline_id, pipeline_version_id=version_id
        )
    except CallFailed as failure:
        if failure.is_passing:
            raise
        return None  # deleted, or not ours to read: the run is shown all the same
    return answer.pipeline_spec


def _names(specification: Any) -> Iterator[str]:
    """Keys and names of the tasks of every component; the platform's part may stand beside the specification."""
    document = _object(_object(specification).get("pipeline_spec")) or _object(specification)
    for component in (document.get("root"), *_object(document.get("components")).values()):
        for key, task in _object(_object(_object(component).get("dag")).get("tasks")).items():
            yield key
            yield str(_object(_object(task).get("taskInfo")).get("name") or key)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
