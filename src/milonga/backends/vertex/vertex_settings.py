"""The project, the region and the identity that pipelines run with on Vertex AI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from milonga.backends.backend_option import BackendOption
from milonga.backends.settings import checked_endpoint, filled_in, missing, require_known, wrong
from milonga.errors import UsageError

_ENDPOINT = BackendOption(
    "endpoint", ("MILONGA_VERTEX_ENDPOINT",), "address of the Vertex AI API, by default that of the location"
)
_PROJECT = BackendOption("project", ("MILONGA_VERTEX_PROJECT", "GOOGLE_CLOUD_PROJECT"), "Google Cloud project")
_LOCATION = BackendOption("location", ("MILONGA_VERTEX_LOCATION",), "region, such as europe-west4")
_ROOT = BackendOption(
    "pipeline_root", ("MILONGA_VERTEX_PIPELINE_ROOT",), "gs:// URI that artifacts are stored under", used_by="run"
)
_SERVICE_ACCOUNT = BackendOption(
    "service_account", ("MILONGA_VERTEX_SERVICE_ACCOUNT",), "service account that the tasks run as", used_by="run"
)
_NETWORK = BackendOption(
    "network", ("MILONGA_VERTEX_NETWORK",), "VPC network that the tasks are peered with", used_by="run"
)
_KMS_KEY = BackendOption(
    "kms_key", ("MILONGA_VERTEX_KMS_KEY",), "key of Cloud KMS that everything is encrypted with", used_by="run"
)
_FAILURE_POLICY = BackendOption(
    "failure_policy",
    ("MILONGA_VERTEX_FAILURE_POLICY",),
    "fast: start nothing after a failure; slow: Vertex's default",
    used_by="run",
)

OPTIONS = (_PROJECT, _LOCATION, _ROOT, _SERVICE_ACCOUNT, _NETWORK, _KMS_KEY, _FAILURE_POLICY, _ENDPOINT)

_RULES: tuple[tuple[BackendOption, str, str], ...] = (
    (
        _PROJECT,
        r"([a-z0-9.-]+:)?[a-z0-9][a-z0-9-]{2,61}[a-z0-9]|\d+",
        "a project id such as my-project-1, or its number",
    ),
    (_LOCATION, r"[a-z]+(-[a-z]+)*-?[a-z]+\d+|global|us|eu", "a region such as europe-west4"),
    (_ROOT, r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[^\x00-\x1f]*)?", "gs://BUCKET/FOLDER"),
    (_SERVICE_ACCOUNT, r"[^@\s]+@[^@\s]+\.[^@\s]+", "the e-mail address of a service account"),
    (_NETWORK, r"projects/[^/\s]+/global/networks/[^/\s]+", "projects/PROJECT-NUMBER/global/networks/NAME"),
    (
        _KMS_KEY,
        r"projects/[^/\s]+/locations/[^/\s]+/keyRings/[^/\s]+/cryptoKeys/[^/\s]+",
        "projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY",
    ),
    (_FAILURE_POLICY, r"fast|slow", "fast or slow"),
)


@dataclass(frozen=True, slots=True)
class VertexSettings:
    """Checked settings; "" is "not given"."""

    endpoint: str
    project: str
    location: str
    pipeline_root: str = ""
    service_account: str = ""
    network: str = ""
    kms_key: str = ""
    failure_policy: str = ""

    @classmethod
    def resolved(cls, given: Mapping[str, str]) -> VertexSettings:
        """Settings from what was given and the environment.

        Raises:
            UsageError: E931 a setting that there is not, E932 one that is missing, E933 one that breaks its rule.
        """
        require_known("vertex", OPTIONS, given)
        values = filled_in(OPTIONS, given)
        for option, rule, expected in _RULES:
            value = values[option.name]
            if value and not re.fullmatch(rule, value):
                raise wrong(option, value, expected)
        for option in (_PROJECT, _LOCATION):
            if not values[option.name]:
                raise missing("vertex", option)
        values["endpoint"] = checked_endpoint(_ENDPOINT, values["endpoint"]) or _endpoint_of(values["location"])
        _require_encrypted(values["endpoint"])
        return cls(**values)

    @property
    def parent(self) -> str:
        """The resource that jobs and schedules stand under."""
        return f"projects/{self.project}/locations/{self.location}"

    def root(self, default: str) -> str:
        """The folder of the artifacts.

        Raises:
            UsageError: E932, neither the settings nor the pipeline name one.
        """
        root = self.pipeline_root or default
        if not root:
            raise missing("vertex", _ROOT, "the pipeline itself names none")
        if not root.startswith("gs://"):
            raise wrong(_ROOT, root, "gs://BUCKET/FOLDER")
        return root


def _endpoint_of(location: str) -> str:
    return (
        "https://aiplatform.googleapis.com" if location == "global" else f"https://{location}-aiplatform.googleapis.com"
    )


def _require_encrypted(endpoint: str) -> None:
    """Every request carries an access token, which must not travel in the clear, except within this machine."""
    parts = urlsplit(endpoint)
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise UsageError(
            "E933", "an access token would travel unencrypted to this endpoint", got=endpoint, expected="https://..."
        )
