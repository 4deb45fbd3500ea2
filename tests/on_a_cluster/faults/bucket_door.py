"""A namespace whose bucket is reached through a door that can be closed."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cluster_hands import ClusterHands

PORT = 9000
DOOR = """
import socket, sys, threading

def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

server = socket.create_server(("", int(sys.argv[1])), backlog=100)
while True:
    near, _ = server.accept()
    try:
        far = socket.create_connection((sys.argv[2], int(sys.argv[3])), timeout=10)
    except OSError:
        near.close()
        continue
    far.settimeout(None)
    for pair in ((near, far), (far, near)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""


class BucketDoor:
    """The only way from the pods of one namespace to the bucket: a pod that hands bytes on.

    Args:
        hands: of that namespace.
        host: of the real store.
        port: of the real store.
    """

    def __init__(self, hands: ClusterHands, host: str, port: int) -> None:
        self._hands = hands
        self._arguments = [str(PORT), host, str(port)]
        hands.apply(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "bucket-door"},
                "spec": {"selector": {"app": "bucket-door"}, "ports": [{"port": PORT}]},
            }
        )

    def open(self) -> None:
        """Return when bytes pass."""
        image = os.environ.get("MILONGA_TEST_POD_IMAGE", "python:3.11")
        container = {"name": "door", "image": image, "command": ["python3", "-c", DOOR, *self._arguments]}
        self._hands.apply(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "bucket-door", "labels": {"app": "bucket-door"}},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
            }
        )
        self._hands.kubectl("wait", "--for=condition=Ready", "pod/bucket-door", "--timeout=180s")

    def close(self) -> None:
        """From now on connections are refused, and those that are open break."""
        self._hands.kubectl("delete", "pod", "bucket-door", "--now", "--timeout=120s")


@contextmanager
def door_of(hands: ClusterHands) -> Iterator[tuple[ClusterHands, BucketDoor]]:
    """A new namespace with the bucket of another one, and its door, open."""
    repository = _repository(hands)
    s3 = repository.get("s3") or {}
    host, _, port = str(s3.get("endpoint") or "").partition(":")
    if not s3.get("insecure") or not host:
        pytest.skip("a door needs a store with an address of its own that is spoken to without TLS")
    inside = ClusterHands(f"faults-{uuid.uuid4().hex[:8]}", hands.folder, {"MILONGA_ARGO_SERVICE_ACCOUNT": "runner"})
    if not any(os.environ.get(name) for name in ("MILONGA_ARGO_STORE_ENDPOINT", "AWS_ENDPOINT_URL")):
        inside.settings["MILONGA_ARGO_STORE_ENDPOINT"] = f"http://{s3['endpoint']}"
    inside.kubectl("create", "namespace", inside.namespace)
    try:
        inside.apply(*_account(), *_secrets(hands, s3))
        inside.apply(_repositories({**s3, "endpoint": f"bucket-door.{inside.namespace}:{PORT}"}))
        door = BucketDoor(inside, host, int(port or 80))
        door.open()
        yield inside, door
    finally:
        inside.clean()
        time.sleep(2)  # the controller takes its finalizers off the pods
        inside.kubectl("delete", "namespace", inside.namespace, "--wait=false", check=False)


def _repository(hands: ClusterHands) -> dict[str, Any]:
    """What the controller has found for a run of the ordinary namespace."""
    run = hands.submit("fault_flows.py:fault_naps", "--seconds", "0")

    def look() -> dict[str, Any]:
        status = hands.workflow(run).get("status") or {}
        return (status.get("artifactRepositoryRef") or {}).get("artifactRepository") or {}

    found = hands.until(look, "the repository of a run")
    hands.kubectl("delete", "workflow", run, "--wait=false")
    return found


def _account() -> list[dict[str, Any]]:
    rule = {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
    access, metadata = "rbac.authorization.k8s.io/v1", {"name": "runner"}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "runner"}
    subjects = [{"kind": "ServiceAccount", "name": "runner"}]
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": access, "kind": "Role", "metadata": metadata, "rules": [rule]},
        {
            "apiVersion": access,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": reference,
            "subjects": subjects,
        },
    ]


def _secrets(hands: ClusterHands, s3: dict[str, Any]) -> list[dict[str, Any]]:
    names = {str(s3[key]["name"]) for key in ("accessKeySecret", "secretKeySecret") if s3.get(key)}
    found = [json.loads(hands.kubectl("get", "secret", name, "-o", "json")) for name in sorted(names)]
    return [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": item["metadata"]["name"]}, "data": item["data"]}
        for item in found
    ]


def _repositories(s3: dict[str, Any]) -> dict[str, Any]:
    metadata = {
        "name": "artifact-repositories",
        "annotations": {"workflows.argoproj.io/default-artifact-repository": "door"},
    }
    data = {"door": json.dumps({"s3": s3})}  # JSON is YAML
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
