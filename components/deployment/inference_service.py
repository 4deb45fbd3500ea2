"""Builds the KServe InferenceService. Fields and rules: KServe 0.20, `serving.kserve.io/v1beta1`.

It knows nothing about models or data; names and numbers come in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from milonga.__about__ import __version__
from milonga.errors import ServingError

MODEL_FOLDER = "/mnt/models"
"""Where KServe's storage initialiser puts what `STORAGE_URI` names."""
PORT = 8080
NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
NAME_MAX = 53
"""KServe appends `-predictor` to make the name of a Kubernetes service, which has 63 characters at most."""
NAMESPACE_MAX = 63
SCHEMES = ("abfs", "abfss", "file", "gs", "hdfs", "hf", "http", "https", "oci", "oci+fetch", "pvc", "s3", "webhdfs")


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What an author chooses about a service; see the component `deploy`."""

    name: str
    namespace: str = "default"
    storage_uri: str = ""
    image: str = ""
    min_replicas: int = 1
    max_replicas: int = 1

    def check(self) -> None:
        """Refuse what Kubernetes or KServe would refuse later.

        Raises:
            ServingError: E703 (name or namespace), E704 (storage URI), E705 (replicas).
        """
        _check_name("name", self.name, NAME_MAX)
        _check_name("namespace", self.namespace, NAMESPACE_MAX)
        scheme = self.storage_uri.partition("://")[0]
        if self.storage_uri and ("://" not in self.storage_uri or scheme not in SCHEMES):
            expected = "a URI of one of the schemes " + ", ".join(SCHEMES)
            raise ServingError("E704", "KServe cannot load this storage URI", got=self.storage_uri, expected=expected)
        if not 1 <= self.min_replicas <= self.max_replicas:
            got = f"min_replicas {self.min_replicas}, max_replicas {self.max_replicas}"
            expected = "1 <= min_replicas <= max_replicas"
            raise ServingError("E705", "these replica counts cannot be served", got=got, expected=expected)


def build_inference_service(options: ServiceOptions, *, model_digest: str, threads: int) -> dict[str, Any]:
    """The InferenceService as plain data.

    Args:
        options: checked options.
        model_digest: recorded as an annotation, so that a running service says what it serves.
        threads: threads of the inference; the processor request follows it.
    """
    environment = [{"name": "ORT_DISABLE_TELEMETRY", "value": "1"}]
    if options.storage_uri:
        environment.append({"name": "STORAGE_URI", "value": options.storage_uri})
    container = {
        "name": "kserve-container",
        "image": options.image or f"milonga-serving:{__version__}",
        "command": ["python", "-m", "milonga.serving"],
        "args": ["--model-dir", MODEL_FOLDER, "--name", options.name, "--port", str(PORT), "--host", "0.0.0.0"],
        "env": environment,
        "ports": [{"containerPort": PORT, "protocol": "TCP"}],
        "readinessProbe": {"httpGet": {"path": f"/v2/models/{options.name}/ready", "port": PORT}},
        "resources": {
            "requests": {"cpu": str(threads), "memory": "512Mi"},
            "limits": {"cpu": str(threads + 1), "memory": "1Gi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
        },
    }
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": options.name,
            "namespace": options.namespace,
            "labels": {"app.kubernetes.io/managed-by": "milonga"},
            "annotations": {
                # Written out: the default differs between KServe's code and its shipped configuration.
                "serving.kserve.io/deploymentMode": "Standard",
                "milonga/model-digest": model_digest,
            },
        },
        "spec": {
            "predictor": {
                "minReplicas": options.min_replicas,
                "maxReplicas": options.max_replicas,
                "containers": [container],
            }
        },
    }


def _check_name(what: str, value: str, longest: int) -> None:
    if len(value) > longest or not NAME.fullmatch(value):
        raise ServingError(
            "E703",
            f"Kubernetes refuses this {what}",
            where=what,
            got=value,
            expected=f"1 to {longest} lower-case letters, digits and hyphens, a letter first, no hyphen last",
        )
