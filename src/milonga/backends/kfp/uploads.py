"""A pipeline on a KFP server: one pipeline a name, one version a content.

The version's name is the digest of the text, so the same pipeline submitted again is the same version, from any
machine, and no second upload happens. Runs and schedules refer to the version, so the server's page of the pipeline
lists them.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path
from typing import Any

from milonga.backends.attempts import made_by_name, repeated
from milonga.backends.call_failed import CallFailed
from milonga.backends.kfp.kfp_connection import KfpConnection
from milonga.backends.kfp.queries import equals, required_id
from milonga.compiler.graph import Graph
from milonga.errors import UsageError

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,126}[a-z0-9])?")
"""`ValidatePipelineName` of the server, and its store of Kubernetes objects, which takes no dash at the end."""
_BYTES_MAX = 32 * 1024 * 1024
_DIGITS = 20
"""Hexadecimal digits of a version's name: 80 bits of its content's digest."""


def version_name(text: str) -> str:
    """The name of the version that holds `text`."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_DIGITS]


def require_uploadable(graph: Graph, text: str) -> None:
    """What the server would refuse can be known before anything is sent.

    Raises:
        UsageError: E935, the pipeline's name or size.
    """
    if not _NAME.fullmatch(graph.name):
        raise UsageError(
            "E935",
            "KFP does not accept the name of the pipeline",
            got=repr(graph.name),
            expected="lower-case letters, digits and dashes, 128 at most, no dash at an end",
        )
    size_bytes = len(text.encode("utf-8"))
    if size_bytes > _BYTES_MAX:
        raise UsageError(
            "E935", "the pipeline is larger than KFP takes", got=f"{size_bytes} bytes", expected=f"{_BYTES_MAX} at most"
        )


def uploaded_version(connection: KfpConnection, graph: Graph, text: str) -> tuple[str, str]:
    """Ids of the pipeline and of the version that holds `text`, uploaded if the server does not have it.

    Raises:
        CallFailed: E800-E808.
    """
    pipeline_id = _pipeline(connection, graph)
    name = version_name(text)
    found = repeated(lambda: _version(connection, pipeline_id, name), connection.patience)
    return pipeline_id, found or _new_version(connection, pipeline_id, name, text)


def _pipeline(connection: KfpConnection, graph: Graph) -> str:
    from kfp_server_api import V2beta1Pipeline

    service = connection.client.pipelines
    what = f"pipeline '{graph.name}'"
    named = {"namespace": connection.namespace} if connection.namespace else {}

    def find() -> str | None:
        try:
            answer = connection.ask(what, service.pipeline_service_get_pipeline_by_name, name=graph.name, **named)
        except CallFailed as failure:
            if failure.status == 404:
                return None
            raise
        return required_id(answer.pipeline_id, what)

    def make() -> str:
        info = graph.specification.pipeline_info
        body = V2beta1Pipeline(
            name=graph.name,
            display_name=info.display_name or graph.name,
            description=info.description,
            namespace=connection.namespace,
        )
        answer = connection.ask(what, service.pipeline_service_create_pipeline, pipeline=body)
        return required_id(answer.pipeline_id, what)

    return repeated(find, connection.patience) or made_by_name(make, find, connection.patience)


def _version(connection: KfpConnection, pipeline_id: str, name: str) -> str | None:
    answer = connection.ask(
        f"version '{name}'",
        connection.client.pipelines.pipeline_service_list_pipeline_versions,
        pipeline_id=pipeline_id,
        filter=equals("name", name),
    )
    versions: list[Any] = answer.pipeline_versions or []
    return next((version.pipeline_version_id for version in versions if version.name in (name, None)), None)


def _new_version(connection: KfpConnection, pipeline_id: str, name: str, text: str) -> str:
    what = f"version '{name}'"
    with tempfile.TemporaryDirectory(prefix="milonga-") as folder:
        path = Path(folder) / "pipeline.yaml"
        path.write_text(text, encoding="utf-8")

        def make() -> str:
            answer = connection.ask(
                what,
                connection.client.pipeline_uploads.upload_pipeline_version,
                uploadfile=str(path),
                name=name,
                pipelineid=pipeline_id,
            )
            return required_id(answer.pipeline_version_id, what)

        return made_by_name(make, lambda: _version(connection, pipeline_id, name), connection.patience)
