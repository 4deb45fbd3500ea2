"""A Kubernetes API server as far as runs of pipelines need one: objects by path, versions, merge patches."""

from __future__ import annotations

import copy
from typing import Any

from recording_server import Answer, RecordingServer, Refused, Request


class ApiServer(RecordingServer):
    """Keeps objects, refuses a second one of a name, and a change of what has changed since."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.version = 0
        self.first_looks: list[dict[str, Any]] = []
        self.now = "2026-01-02T03:04:05Z"
        super().__init__()

    def put(self, plural: str, document: dict[str, Any], namespace: str = "mine") -> None:
        """Have an object from the beginning."""
        self._keep(f"{_base(plural)}/namespaces/{namespace}/{plural}/{document['metadata']['name']}", document)

    def all(self, plural: str) -> list[dict[str, Any]]:
        return [item for path, item in sorted(self.objects.items()) if path.split("/")[-2] == plural]

    def error_body(self, refused: Refused) -> Any:
        details = {"kind": "namespaces", "name": "mine"} if "namespaces " in refused.message else {}
        return {"kind": "Status", "message": refused.message, "code": refused.status, "details": details}

    def handle(self, request: Request) -> Answer:
        path = request.path
        if request.method == "POST":
            path = f"{path}/{request.json['metadata']['name']}"
            if path in self.objects:
                raise Refused(409, "already exists")
            made = Answer(201, self._keep(path, request.json))
            self._look_at(path)
            return made
        if request.method == "GET" and path not in self.objects and len(path.split("/")) % 2 == _odd(path):
            found = [item for key, item in sorted(self.objects.items()) if key.rpartition("/")[0] == path]
            return Answer(200, {"items": [item for item in found if _selected(item, request)], "metadata": {}})
        if path not in self.objects:
            raise Refused(404, f"{path} not found")
        if request.method == "DELETE":
            return Answer(200, self.objects.pop(path))
        if request.method == "GET":
            return Answer(200, self.objects[path])
        known = self.objects[path]["metadata"]["resourceVersion"]
        if request.json.get("metadata", {}).get("resourceVersion", known) != known:
            raise Refused(409, "the object has been modified")
        if request.method == "PUT":
            return Answer(200, self._keep(path, request.json))
        self.require(request.headers["content-type"] == "application/merge-patch+json", "no merge patch")
        changed = Answer(200, self._keep(path, patched(self.objects[path], request.json)))
        self._look_at(path)
        return changed

    def _look_at(self, path: str) -> None:
        """What Argo's controller does with a run that it has not seen: the next of `first_looks`, or start it."""
        run = self.objects[path]
        if path.split("/")[-2] == "workflows" and not (run.get("status") or {}).get("phase"):
            self._keep(path, {**run, "status": self.first_looks.pop(0) if self.first_looks else {"phase": "Running"}})

    def _keep(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        self.version += 1
        kept = copy.deepcopy(document)
        made = {"uid": f"uid-{self.version}", "creationTimestamp": self.now}
        kept["metadata"] = {**made, **kept["metadata"], "resourceVersion": str(self.version)}
        self.objects[path] = kept
        return kept


def _base(plural: str) -> str:
    return "/api/v1" if plural in ("configmaps", "pods", "events", "secrets") else "/apis/argoproj.io/v1alpha1"


def _odd(path: str) -> int:
    """Paths of lists: /api/v1/namespaces/NS/KIND, /apis/GROUP/VERSION/namespaces/NS/KIND."""
    return 0 if path.startswith("/api/") else 1


def _selected(item: dict[str, Any], request: Request) -> bool:
    labels = item["metadata"].get("labels") or {}
    wanted = filter(None, request.query.get("labelSelector", "").split(","))
    return all(labels.get(key) == value for key, _, value in (part.partition("=") for part in wanted))


def patched(old: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = patched(merged.get(key), value)
    return merged
