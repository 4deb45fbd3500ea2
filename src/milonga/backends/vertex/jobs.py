"""The body of a pipeline job, and the rules of ids and labels, known before anything is sent.

Sources: REST reference of projects.locations.pipelineJobs, and the field names of google-cloud-aiplatform 2.7.0.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from milonga.backends.caching import without_cache
from milonga.backends.marks import new_mark, slug
from milonga.backends.submit_request import SubmitRequest
from milonga.backends.vertex.vertex_settings import VertexSettings
from milonga.compiler.documents import parse_documents
from milonga.compiler.graph import Graph
from milonga.compiler.schedules.vertex_inputs import ARTIFACT_IDS, vertex_inputs, wrong_artifacts
from milonga.compiler.targets import target_named
from milonga.errors import UsageError

_JOB_ID_MAX = 128
DISPLAY_NAME_MAX = 128
_LABELS_MAX = 64
_LABEL_MAX = 63
_FAILURE_POLICIES = {"fast": "PIPELINE_FAILURE_POLICY_FAIL_FAST", "slow": "PIPELINE_FAILURE_POLICY_FAIL_SLOW"}


def new_job_id(graph: Graph) -> str:
    """An id that matches `[a-z][-a-z0-9]{0,127}` and that no other job has."""
    ending = f"-{time.strftime('%Y%m%d%H%M%S', time.gmtime())}-{new_mark()}"
    return slug(graph.name, _JOB_ID_MAX - len(ending)) + ending


def new_job(request: SubmitRequest, name: str) -> dict[str, Any]:
    """The part of a `PipelineJob` that a schedule's translation has as well: its name and its inputs.

    Raises:
        UsageError: E935 a name, E936 an artifact.
    """
    for input_name, id in wrong_artifacts(request.artifacts).items():
        message = f"input '{input_name}' takes an artifact of Vertex ML Metadata"
        raise UsageError("E936", message, got=repr(id), expected=ARTIFACT_IDS)
    return {
        "displayName": _display_name(name),
        "runtimeConfig": vertex_inputs(request.parameters, request.artifacts),
    }


def completed_job(
    job: Mapping[str, Any], graph: Graph, request: SubmitRequest, settings: VertexSettings
) -> dict[str, Any]:
    """A `PipelineJob` as `pipelineJobs.create` takes it: `job` and what only a submission knows.

    Args:
        job: name and inputs, of `new_job` or of a schedule's translation; nothing in it is replaced.
        graph: the pipeline.
        request: labels, caching.
        settings: where artifacts go, and what the tasks run with.

    Raises:
        UsageError: E932 no pipeline root, E933 a label.
    """
    runtime: dict[str, Any] = {
        **job["runtimeConfig"],
        "gcsOutputDirectory": settings.root(graph.specification.default_pipeline_root or ""),
    }
    if settings.failure_policy:
        runtime["failurePolicy"] = _FAILURE_POLICIES[settings.failure_policy]
    body: dict[str, Any] = {
        **job,
        "pipelineSpec": _specification(graph if request.use_cache else without_cache(graph)),
        "labels": _labels(request.labels),
        "runtimeConfig": runtime,
        "encryptionSpec": {"kmsKeyName": settings.kms_key} if settings.kms_key else None,
        "serviceAccount": settings.service_account,
        "network": settings.network,
    }
    return {key: value for key, value in body.items() if value}


def _specification(graph: Graph) -> Any:
    return parse_documents(target_named("vertex").emit(graph))[0]


def _display_name(name: str) -> str:
    if not 0 < len(name) <= DISPLAY_NAME_MAX:
        raise UsageError(
            "E935",
            "Vertex does not accept the name of the run",
            got=f"{len(name)} characters",
            expected=f"1 to {DISPLAY_NAME_MAX} characters",
        )
    return name


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels after Google Cloud's rules: lower-case letters of any language, digits, `_` and `-`; keys begin with one.

    Source: Google Cloud, "Requirements for labels".
    """
    if len(labels) > _LABELS_MAX:
        raise UsageError("E933", "too many labels", got=str(len(labels)), expected=f"{_LABELS_MAX} at most")
    for key, value in labels.items():
        if not (key and key[0].isalpha() and _is_label(key)) or not _is_label(value):
            raise UsageError(
                "E933",
                "Vertex does not accept a label",
                got=f"{key}={value}",
                expected=f"lower-case letters, digits, _ and -, {_LABEL_MAX} at most; a key begins with a letter",
            )
    return dict(sorted(labels.items()))


def _is_label(text: str) -> bool:
    return len(text) <= _LABEL_MAX and all(
        character in "_-" or (character.isalnum() and character == character.lower()) for character in text
    )
