"""Secrets of a cluster for a test."""

from __future__ import annotations

from collections.abc import Mapping

from milonga.backends.argo.argo_settings import ArgoSettings
from milonga.backends.argo.cluster_access import new_access


def provide_secrets(secrets: Mapping[str, Mapping[str, str]]) -> None:
    """Make secrets in the namespace of the kubeconfig, in place of those of the same names.

    They stay: another run of the same test may be using them.
    """
    if not secrets:
        return
    from kubernetes import client

    access = new_access(ArgoSettings.resolved({}))
    api = client.CoreV1Api(access.client)
    for name, values in secrets.items():
        body = client.V1Secret(metadata=client.V1ObjectMeta(name=name), string_data=dict(values))
        try:
            api.create_namespaced_secret(access.namespace, body)
        except client.ApiException as error:
            if error.status != 409:
                raise
            api.patch_namespaced_secret(name, access.namespace, body)
