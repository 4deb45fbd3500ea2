"""Results of earlier runs that are found before a run begins, so that their steps need no pod."""

from __future__ import annotations

import tempfile
from pathlib import Path

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.bundle import Bundle
from milonga.backends.argo.kept_results import KeptResults
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.resources import WORKFLOWS
from milonga.backends.argo.storage.bucket import Bucket
from milonga.backends.argo.storage.repository import repository_of
from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.targets.argo.known_results import KnownResult
from milonga.errors import MilongaError

_PATIENCE_S = 5.0
"""Of each request. Looking is a favour: who cannot reach the bucket from here starts the run all the same."""


def known_results(connection: ArgoConnection, bundle: Bundle, request: SubmitRequest) -> dict[str, KnownResult]:
    """Results by the name of their step in the store; nothing when the bucket cannot be read from here."""
    if not request.use_cache or not any(leaf.key for leaf in bundle.layout.leaves.values()):
        return {}
    impatient = connection.with_patience(connection.patience.within(_PATIENCE_S))
    try:
        bucket = Bucket(repository_of(impatient, _earlier_run(impatient, bundle)), impatient.patience)
        with tempfile.TemporaryDirectory(prefix="milonga-known-") as folder:
            return KeptResults.of(bucket, bundle, request, Path(folder)).usable()
    except MilongaError:
        return {}


def _earlier_run(connection: ArgoConnection, bundle: Bundle) -> Workflow:
    """Some run of the pipeline, since the controller notes in each where results go; an empty one before the first."""
    labels = ",".join(f"{name}={value}" for name, value in sorted(bundle.labels.items()))
    found = connection.read("GET", WORKFLOWS, query={"labelSelector": labels, "limit": "1"}).get("items") or []
    status = {"artifactRepositoryRef": ((found[0].get("status") or {}).get("artifactRepositoryRef") if found else {})}
    return Workflow.from_json({"metadata": found[0].get("metadata") or {} if found else {}, "status": status})
