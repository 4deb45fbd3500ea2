"""The official client of Kubernetes, without its hidden retries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.backends.argo.argo_settings import ArgoSettings
from milonga.errors import MissingExtra, UsageError

_IN_A_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """A way into a cluster.

    Attributes:
        client: a `kubernetes.client.ApiClient`.
        namespace: the one that requests are about.
    """

    client: Any
    namespace: str

    @property
    def host(self) -> str:
        """The address of the API server."""
        return str(self.client.configuration.host)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Credentials that the client has found by itself."""
        configuration = self.client.configuration
        keys = [str(key).rpartition(" ")[2] for key in (configuration.api_key or {}).values()]
        return tuple(text for text in (*keys, configuration.password or "") if text)


def new_access(settings: ArgoSettings) -> ClusterAccess:
    """The cluster that the settings, the kubeconfig or the pod around this process name. Nobody is reached.

    Raises:
        MissingExtra: E910, the client is not installed.
        UsageError: E934, there is no cluster, or what leads to it is broken.
    """
    try:
        from kubernetes import client, config
    except ImportError:
        raise MissingExtra.of("kubernetes", "argo", "running pipelines on Argo Workflows") from None

    configuration = client.Configuration()
    file = settings.kubeconfig or str(Path("~/.kube/config").expanduser())
    is_named = bool(settings.kubeconfig or settings.context)
    try:
        if is_named or Path(file).exists():
            config.load_kube_config(
                file, settings.context or None, client_configuration=configuration, persist_config=False
            )
            found = _namespace_of(config.list_kube_config_contexts(file), settings.context)
        else:
            config.load_incluster_config(client_configuration=configuration)
            found = (_IN_A_POD / "namespace").read_text("utf-8").strip()
    except Exception as error:  # noqa: BLE001 - any error of the client's own configuration; told without its frames
        raise UsageError(
            "E934",
            "no cluster is named, or what leads to it cannot be read",
            where=file if is_named else "",
            got=f"{type(error).__name__}: {error}".splitlines()[0][:300],
            expected="a kubeconfig that kubectl can use: --kubeconfig, --context, KUBECONFIG; or a pod of the cluster",
        ) from None
    configuration.retries = False  # type: ignore[assignment,unused-ignore] # they have no pauses, and would send twice what may only be sent once
    return ClusterAccess(client.ApiClient(configuration), settings.namespace or found or "default")


def _namespace_of(contexts: tuple[Any, Any], wanted: str) -> str:
    named, active = contexts
    chosen = next((item for item in named if item["name"] == wanted), None) if wanted else active
    return str(((chosen or {}).get("context") or {}).get("namespace") or "")
