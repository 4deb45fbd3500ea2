"""What a run has left in the bucket."""

from __future__ import annotations

import os

from cluster_hands import ClusterHands

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.argo_settings import ArgoSettings
from milonga.backends.argo.looks import workflow_named
from milonga.backends.argo.storage.repository import repository_of
from milonga.backends.patience import Patience


def objects_of(hands: ClusterHands, run: str) -> dict[str, bytes]:
    """The objects of a run by what their key has below the run's folder."""
    import obstore
    from obstore.store import S3Store

    connection = ArgoConnection(ArgoSettings.resolved({"namespace": hands.namespace}), Patience())
    workflow = workflow_named(connection, run)
    found = repository_of(connection, workflow)
    store = S3Store(
        found.bucket,
        endpoint=found.endpoint or None,
        region=found.region or os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        access_key_id=found.access_key or None,
        secret_access_key=found.secret_key or None,
        client_options={"allow_http": True},
    )
    prefix = f"milonga/runs/{workflow.uid}/"
    keys = [item["path"] for page in obstore.list(store, prefix) for item in page]
    return {key.removeprefix(prefix): bytes(obstore.get(store, key).bytes()) for key in keys}
