"""Which cluster and namespace, as whom, and how its bucket is reached from here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from milonga.backends.backend_option import BackendOption
from milonga.backends.settings import checked_endpoint, filled_in, require_known, wrong

_KUBECONFIG = BackendOption(
    "kubeconfig", ("MILONGA_ARGO_KUBECONFIG", "KUBECONFIG"), "file that says where the cluster is, as kubectl has it"
)
_CONTEXT = BackendOption("context", ("MILONGA_ARGO_CONTEXT",), "context of that file, by default its current one")
_NAMESPACE = BackendOption("namespace", ("MILONGA_ARGO_NAMESPACE",), "namespace, by default that of the context")
_SERVICE_ACCOUNT = BackendOption(
    "service_account", ("MILONGA_ARGO_SERVICE_ACCOUNT",), "service account that the pods run as", used_by="run"
)
_PAGES = BackendOption(
    "pages", ("MILONGA_ARGO_PAGES",), "address of the Argo server's web pages, to be named with a run"
)
_STORE_ENDPOINT = BackendOption(
    "store_endpoint",
    ("MILONGA_ARGO_STORE_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    "address of the object store as seen from here, where it is another than in the cluster",
    used_by="outputs",
)
_BUCKET = BackendOption(
    "bucket", ("MILONGA_ARGO_BUCKET",), "bucket, where the cluster's own setting cannot be read", used_by="outputs"
)
_REGION = BackendOption(
    "region",
    ("MILONGA_ARGO_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
    "region of the bucket",
    used_by="outputs",
)
_ACCESS_KEY = BackendOption(
    "access_key", ("MILONGA_ARGO_ACCESS_KEY",), "access key of the object store, before the cluster's own", secret=True
)
_SECRET_KEY = BackendOption(
    "secret_key", ("MILONGA_ARGO_SECRET_KEY",), "secret key of the object store, before the cluster's own", secret=True
)

OPTIONS = (
    _KUBECONFIG,
    _CONTEXT,
    _NAMESPACE,
    _SERVICE_ACCOUNT,
    _PAGES,
    _STORE_ENDPOINT,
    _BUCKET,
    _REGION,
    _ACCESS_KEY,
    _SECRET_KEY,
)
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_RULES: tuple[tuple[BackendOption, str, int, str], ...] = (
    (_NAMESPACE, _LABEL, 63, "a name of a namespace: a-z, 0-9 and -"),
    (_SERVICE_ACCOUNT, rf"{_LABEL}(\.{_LABEL})*", 253, "a name of a service account: a-z, 0-9, - and ."),
    (_BUCKET, r"[A-Za-z0-9][A-Za-z0-9._-]*", 222, "the name of a bucket, without s3://"),
)


@dataclass(frozen=True, slots=True)
class ArgoSettings:
    """Checked settings; "" is "not given"."""

    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""
    service_account: str = ""
    pages: str = ""
    store_endpoint: str = ""
    bucket: str = ""
    region: str = ""
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)

    @classmethod
    def resolved(cls, given: Mapping[str, str]) -> ArgoSettings:
        """Settings from what was given and the environment.

        Raises:
            UsageError: E931 a setting that there is not, E933 one that breaks its rule.
        """
        require_known("argo", OPTIONS, given)
        values = filled_in(OPTIONS, given)
        for option, rule, length_max, expected in _RULES:
            value = values[option.name]
            if value and (len(value) > length_max or not re.fullmatch(rule, value)):
                raise wrong(option, value[:80], expected)
        for option in (_PAGES, _STORE_ENDPOINT):
            values[option.name] = checked_endpoint(option, values[option.name])
        for option, other in ((_ACCESS_KEY, _SECRET_KEY), (_SECRET_KEY, _ACCESS_KEY)):
            if values[option.name] and not values[other.name]:
                raise wrong(other, "", f"both keys, or neither: {option.ways} is given")
        return cls(**values)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may stand in no message."""
        return tuple(text for text in (self.access_key, self.secret_key) if text)
