"""Runs templates on a real controller and reads the pods that it makes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

IMAGE = os.environ.get("MILONGA_TEST_POD_IMAGE", "python:3.11")


def reachable() -> bool:
    """Whether there is a cluster that knows Argo's kinds."""
    if not os.environ.get("KUBECONFIG") or shutil.which("kubectl") is None:
        return False
    asked = ["kubectl", "get", "crd", "workflows.argoproj.io", "--request-timeout=5s"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


@dataclass(frozen=True, slots=True)
class PodCluster:
    """A namespace of our own, in which workflows may run."""

    namespace: str

    @classmethod
    def made(cls) -> PodCluster:
        cluster = cls(f"pod-{uuid.uuid4().hex[:8]}")
        cluster.kubectl("create", "namespace", cluster.namespace)
        cluster.create("ServiceAccount", "workflow", {})
        rule = {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
        cluster.create("Role", "workflow", {"rules": [rule]}, "rbac.authorization.k8s.io/v1")
        cluster.create(
            "RoleBinding",
            "workflow",
            {
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "workflow"},
                "subjects": [{"kind": "ServiceAccount", "name": "workflow"}],
            },
            "rbac.authorization.k8s.io/v1",
        )
        return cluster

    def delete(self) -> None:
        self.kubectl("delete", "workflows", "--all")
        self.kubectl("delete", "namespace", self.namespace, "--wait=false")

    def create(self, kind: str, name: str, body: Mapping[str, Any], version: str = "v1") -> None:
        manifest = {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **body}
        self.kubectl("create", "-f", "-", text=json.dumps(manifest))

    def run(
        self, templates: Mapping[str, Mapping[str, Any]], values: Mapping[str, str], *, timeout_s: float = 240
    ) -> dict[str, dict[str, Any]]:
        """Runs each template once, all at a time, and gives its pod: {"pod": ..., "log": ..., "node": ...}.

        Args:
            templates: bodies of container templates by name.
            values: JSON texts of the input parameters that each of them gets.
            timeout_s: how long all of them may take.
        """
        name = self.start(templates, values)
        workflow = self.finished(name, timeout_s)
        nodes = [node for node in workflow["status"]["nodes"].values() if node["type"] == "Pod"]
        pods = {
            pod["metadata"]["annotations"]["workflows.argoproj.io/node-id"]: pod
            for pod in self._items("pods", f"workflows.argoproj.io/workflow={name}")
        }
        found: dict[str, dict[str, Any]] = {}
        for node in nodes:
            pod = pods.get(node["id"])
            log = self.kubectl("logs", pod["metadata"]["name"], "-c", "main", check=False) if pod else ""
            found[node["displayName"]] = {"pod": pod, "log": log, "node": node}
        return found

    def start(self, templates: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> str:
        parameters = [{"name": key, "value": value} for key, value in values.items()]
        tasks = [{"name": key, "template": key, "arguments": {"parameters": parameters}} for key in templates]
        inputs = {"parameters": [{"name": key} for key in values]}
        spec = {
            "entrypoint": "entry",
            "serviceAccountName": "workflow",
            "templates": [
                {"name": "entry", "dag": {"failFast": False, "tasks": tasks}},
                *({"name": key, "inputs": inputs, **template} for key, template in templates.items()),
            ],
        }
        metadata = {"generateName": "pod-", "namespace": self.namespace}
        manifest = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": metadata, "spec": spec}
        made = self.kubectl("create", "--validate=strict", "-o", "json", "-f", "-", text=json.dumps(manifest))
        return str(json.loads(made)["metadata"]["name"])

    def finished(self, name: str, timeout_s: float) -> dict[str, Any]:
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            workflow: dict[str, Any] = json.loads(self.kubectl("get", "workflow", name, "-o", "json"))
            if workflow.get("status", {}).get("phase") in ("Succeeded", "Failed", "Error"):
                return workflow
            time.sleep(1)
        nodes = [
            (node["displayName"], node["phase"], node.get("message")) for node in workflow["status"]["nodes"].values()
        ]
        raise AssertionError(f"{name} did not end within {timeout_s:g} s: {nodes}")

    def kubectl(self, *arguments: str, text: str | None = None, check: bool = True) -> str:
        command = ["kubectl", "--namespace", self.namespace, *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, (command, done.stderr)
        return done.stdout

    def _items(self, kind: str, selector: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = json.loads(self.kubectl("get", kind, "-l", selector, "-o", "json"))["items"]
        return items
