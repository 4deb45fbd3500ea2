"""Where a KFP server is, and where things are put there."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from milonga.backends.backend_option import BackendOption
from milonga.backends.redaction import secrets_of_cookies
from milonga.backends.settings import checked_endpoint, filled_in, require_header_text, require_known, wrong
from milonga.errors import UsageError

ENDPOINT = BackendOption(
    "endpoint",
    ("MILONGA_KFP_ENDPOINT", "KF_PIPELINES_ENDPOINT"),
    "the address of the KFP API, where it is not found through the cluster or the kubeconfig",
)
_TOKEN = BackendOption("token", ("MILONGA_KFP_TOKEN",), "bearer token of KFP", secret=True)
_COOKIES = BackendOption("cookies", ("MILONGA_KFP_COOKIES",), "cookies of a KFP behind a login", secret=True)
_CA_CERTIFICATE = BackendOption("ca_certificate", ("MILONGA_KFP_CA_CERTIFICATE",), "file of a certificate authority")
_TIME_ZONE = BackendOption(
    "kfp_time_zone",
    ("MILONGA_KFP_TIME_ZONE",),
    "clock of the server's schedules (its CRON_SCHEDULE_TIMEZONE)",
    used_by="schedule",
)
_NAMESPACE = BackendOption("namespace", ("MILONGA_KFP_NAMESPACE",), "namespace of the user, where KFP has several")
_EXPERIMENT = BackendOption(
    "experiment", ("MILONGA_KFP_EXPERIMENT",), "experiment that holds the run, made if need be", used_by="run"
)

OPTIONS = (
    ENDPOINT,
    _NAMESPACE,
    _EXPERIMENT,
    BackendOption(
        "service_account", ("MILONGA_KFP_SERVICE_ACCOUNT",), "service account that the tasks run as", used_by="run"
    ),
    BackendOption(
        "pipeline_root", ("MILONGA_KFP_PIPELINE_ROOT",), "URI that artifacts are stored under", used_by="run"
    ),
    _TIME_ZONE,
    _CA_CERTIFICATE,
    _TOKEN,
    _COOKIES,
)
_BYTES_MAX = {_NAMESPACE: 63, _EXPERIMENT: 128}
"""What the server's `validation/length.go` takes, which counts bytes."""
DEFAULT_EXPERIMENT = "Default"
"""The experiment that every KFP server has, and that kfp's own client takes."""


@dataclass(frozen=True, slots=True)
class KfpSettings:
    """Checked settings; "" is "not given"."""

    endpoint: str = ""
    namespace: str = ""
    experiment: str = DEFAULT_EXPERIMENT
    service_account: str = ""
    pipeline_root: str = ""
    kfp_time_zone: str = "UTC"
    ca_certificate: str = ""
    token: str = field(default="", repr=False)
    cookies: str = field(default="", repr=False)

    @classmethod
    def resolved(cls, given: Mapping[str, str]) -> KfpSettings:
        """Settings from what was given and the environment.

        Raises:
            UsageError: E931 a setting that there is not, E933 one that breaks its rule.
        """
        require_known("kfp", OPTIONS, given)
        values = filled_in(OPTIONS, given)
        values["endpoint"] = checked_endpoint(ENDPOINT, values["endpoint"])
        values["experiment"] = values["experiment"] or DEFAULT_EXPERIMENT
        values["kfp_time_zone"] = values["kfp_time_zone"] or "UTC"
        for option, longest in _BYTES_MAX.items():
            size_bytes = len(values[option.name].encode("utf-8"))
            if size_bytes > longest:
                raise wrong(option, values[option.name][:40] + "...", f"{longest} bytes at most, not {size_bytes}")
        require_header_text(_TOKEN, values["token"])
        require_header_text(_COOKIES, values["cookies"])
        if values["ca_certificate"]:
            _require_certificates(values["ca_certificate"])
        return cls(**values)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may stand in no message."""
        return tuple(text for text in (self.token, *secrets_of_cookies(self.cookies)) if text)


def _require_certificates(path: str) -> None:
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ValueError) as error:
        reason = "it has no certificate" if isinstance(error, ssl.SSLError) else getattr(error, "strerror", "")
        raise UsageError(
            "E933",
            "the file of the certificate authority cannot be read",
            got=f"{path}: {reason or error}",
            expected=f"{_CA_CERTIFICATE.ways}, a PEM file",
        ) from None
