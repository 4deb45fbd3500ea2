"""The artifact repository of a run: which bucket, and with which keys it is read from here."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from milonga.backends.argo.argo_connection import ArgoConnection
from milonga.backends.argo.installation import existing
from milonga.backends.argo.nodes.workflow import Workflow
from milonga.backends.argo.resources import CONFIG_MAPS, SECRETS
from milonga.backends.call_failed import CallFailed

_CONFIG_MAP = "artifact-repositories"
_DEFAULT_KEY = "workflows.argoproj.io/default-artifact-repository"


@dataclass(frozen=True, slots=True)
class Repository:
    """Where the results of a run are.

    Attributes:
        kind: "s3" or "gcs".
        bucket: its name.
        endpoint: address of the store, "" for that of its provider.
        region: of the bucket, "" where nobody says.
        access_key, secret_key: of an S3 store; "" takes what this machine has.
        service_account: JSON of a key of Google's; "" takes what this machine has.
    """

    kind: str
    bucket: str
    endpoint: str = ""
    region: str = ""
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    service_account: str = field(default="", repr=False)

    def uri(self, key: str) -> str:
        """The address of an object."""
        return f"{'gs' if self.kind == 'gcs' else 's3'}://{self.bucket}/{key}"


def repository_of(connection: ArgoConnection, workflow: Workflow) -> Repository:
    """The repository of a run. What the settings say wins over what the cluster says.

    Raises:
        CallFailed: E800-E808; E835, it is not known, of another kind, or its keys cannot be read.
    """
    found = _of_the_run(workflow) or _of_the_namespace(connection)
    settings = connection.settings
    if "gcs" in found and not settings.bucket:
        gcs = found["gcs"]
        account = _secret(connection, gcs.get("serviceAccountKeySecret"))
        return Repository("gcs", str(gcs.get("bucket") or ""), service_account=account)
    s3 = found.get("s3") or {}
    bucket = settings.bucket or str(s3.get("bucket") or "")
    if not bucket:
        kinds = ", ".join(sorted(key for key, value in found.items() if isinstance(value, Mapping)))
        raise _unknown(f"a repository of the kind {kinds}" if kinds else "nothing says which bucket it is")
    host = str(s3.get("endpoint") or "")
    scheme = "http" if s3.get("insecure") else "https"
    own = bool(settings.access_key)
    return Repository(
        "s3",
        bucket,
        endpoint=settings.store_endpoint or (f"{scheme}://{host}" if host else ""),
        region=settings.region or str(s3.get("region") or ""),
        access_key=settings.access_key if own else _secret(connection, s3.get("accessKeySecret")),
        secret_key=settings.secret_key if own else _secret(connection, s3.get("secretKeySecret")),
    )


def _of_the_run(workflow: Workflow) -> Mapping[str, Any]:
    """What the controller has found when the run began."""
    reference = workflow.status.get("artifactRepositoryRef") or {}
    return reference.get("artifactRepository") or {}


def _of_the_namespace(connection: ArgoConnection) -> Mapping[str, Any]:
    config_map = existing(connection, CONFIG_MAPS, _CONFIG_MAP) or {}
    data = config_map.get("data") or {}
    key = ((config_map.get("metadata") or {}).get("annotations") or {}).get(_DEFAULT_KEY) or ""
    text = data.get(key) or (next(iter(data.values())) if len(data) == 1 else "")
    if not text:
        return {}
    import yaml

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _unknown(f"ConfigMap {_CONFIG_MAP}: {str(error).splitlines()[0]}") from None
    return found if isinstance(found, Mapping) else {}


def _secret(connection: ArgoConnection, reference: Mapping[str, Any] | None) -> str:
    """The text that a reference to a secret leads to; "" for no reference, so that this machine's own keys serve.

    Raises:
        CallFailed: E800-E808; E835, there is none, or we may not read it.
    """
    if not reference:
        return ""
    name, key = str(reference.get("name")), str(reference.get("key"))
    try:
        data = connection.read("GET", SECRETS, name).get("data") or {}
    except CallFailed as failure:
        if failure.status not in (403, 404):
            raise
        verb = "may not be read" if failure.status == 403 else "is not there"
        raise _unknown(f"the secret '{name}' {verb}") from None
    try:
        return base64.b64decode(data[key], validate=True).decode("utf-8").strip()
    except (KeyError, binascii.Error, UnicodeDecodeError):
        raise _unknown(f"the secret '{name}' has no text '{key}'") from None


def _unknown(reason: str) -> CallFailed:
    return CallFailed(
        "E835",
        "the bucket of this run cannot be opened from here",
        outcome="refused",
        is_passing=False,
        got=reason,
        expected="an S3 or GCS bucket: the cluster's artifact repository, or what MILONGA_ARGO_BUCKET, "
        "_STORE_ENDPOINT, _ACCESS_KEY and _SECRET_KEY say",
    )
