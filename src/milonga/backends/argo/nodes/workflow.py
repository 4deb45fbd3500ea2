"""A Workflow as the API server has it, read once."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milonga.backends.argo.marks import CODE, CRON, PIPELINE, RUN_NAME
from milonga.backends.argo.nodes.node import Node, seconds_of
from milonga.backends.call_failed import CallFailed


@dataclass(frozen=True, slots=True)
class Workflow:
    """A Workflow.

    Attributes:
        name: its name, the id of the run.
        document: all that the API server says.
        nodes: by id.
    """

    name: str
    document: Mapping[str, Any]
    nodes: Mapping[str, Node]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Workflow:
        """The Workflow in an answer of the API server.

        Raises:
            CallFailed: E833, its nodes lie elsewhere or cannot be read.
        """
        name = str((document.get("metadata") or {}).get("name") or "")
        found = _nodes(name, document.get("status") or {})
        return cls(name, document, {id: Node.from_json(id, node) for id, node in found.items()})

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Its metadata."""
        return self.document.get("metadata") or {}

    @property
    def status(self) -> Mapping[str, Any]:
        """Its status, empty before the controller has seen it."""
        return self.document.get("status") or {}

    @property
    def specification(self) -> Mapping[str, Any]:
        """What the controller works by: the template that it was started from, as it was then, under its own fields."""
        stored = self.status.get("storedWorkflowTemplateSpec") or {}
        own = {key: value for key, value in (self.document.get("spec") or {}).items() if value not in (None, {}, [])}
        return {**stored, **own}

    @property
    def uid(self) -> str:
        """Unique among all Workflows there ever were; the folder of its results in the store."""
        return str(self.metadata.get("uid") or "")

    @property
    def phase(self) -> str:
        """Pending, Running, Succeeded, Failed or Error; "" before the controller has seen it."""
        return str(self.status.get("phase") or "")

    @property
    def has_ended(self) -> bool:
        """Whether the controller is done with it."""
        return self.phase in ("Succeeded", "Failed", "Error")

    @property
    def shutdown(self) -> str:
        """How its end was asked for: Stop, Terminate, or ""."""
        return str((self.document.get("spec") or {}).get("shutdown") or "")

    @property
    def is_suspended(self) -> bool:
        """Whether it starts nothing more for now."""
        return bool((self.document.get("spec") or {}).get("suspend"))

    @property
    def pipeline(self) -> str:
        """The pipeline's name, "" where nobody says."""
        reference = (self.document.get("spec") or {}).get("workflowTemplateRef") or {}
        return str((self.metadata.get("labels") or {}).get(PIPELINE) or reference.get("name") or "")

    @property
    def run_name(self) -> str:
        """What people call the run."""
        return str((self.metadata.get("annotations") or {}).get(RUN_NAME) or self.name)

    @property
    def schedule(self) -> str:
        """The CronWorkflow that has started it, "" for none."""
        return str((self.metadata.get("labels") or {}).get(CRON) or "")

    @property
    def code(self) -> str:
        """The ConfigMap with the layout of what runs, "" where nobody says.

        The template that the controller has kept wins: somebody may have replaced the template in between.
        """
        stored = (self.status.get("storedWorkflowTemplateSpec") or {}).get("workflowMetadata") or {}
        own = (self.document.get("spec") or {}).get("workflowMetadata") or {}
        places = (stored.get("annotations"), own.get("annotations"), self.metadata.get("annotations"))
        return next((str(place[CODE]) for place in places if place and place.get(CODE)), "")

    @property
    def parameters(self) -> dict[str, str]:
        """The workflow's parameters: what it was given, over what the template says."""
        stored = (self.status.get("storedWorkflowTemplateSpec") or {}).get("arguments") or {}
        own = (self.document.get("spec") or {}).get("arguments") or {}
        found = [*(stored.get("parameters") or []), *(own.get("parameters") or [])]
        return {item["name"]: str(item.get("value", item.get("default", ""))) for item in found}

    @property
    def created_at(self) -> float | None:
        """When it was made, in seconds since the epoch."""
        return seconds_of(self.metadata.get("creationTimestamp"))

    @property
    def ended_at(self) -> float | None:
        """When it ended, None for not yet."""
        return seconds_of(self.status.get("finishedAt"))

    @property
    def templates(self) -> dict[str, Mapping[str, Any]]:
        """Its templates by name, those of other objects too.

        The controller keeps what is called across objects under `SCOPE/OBJECT/TEMPLATE`. The compiler gives no name
        twice, however many objects a pipeline lies in.
        """
        called = (self.status.get("storedTemplates") or {}).items()
        own = self.specification.get("templates") or []
        return {
            **{str(key).rpartition("/")[2]: template for key, template in called},
            **{str(item.get("name")): item for item in own},
        }


def _nodes(name: str, status: Mapping[str, Any]) -> dict[str, Any]:
    packed = status.get("compressedNodes")
    if packed:
        try:
            return dict(json.loads(gzip.decompress(base64.b64decode(packed))))
        except (ValueError, OSError, EOFError, zlib.error) as error:
            raise _unreadable(name, f"{type(error).__name__}: {error}") from None
    if status.get("offloadNodeStatusVersion") and not status.get("nodes"):
        raise _unreadable(name, "the controller keeps them in a database of its own")
    return dict(status.get("nodes") or {})


def _unreadable(name: str, reason: str) -> CallFailed:
    return CallFailed(
        "E833",
        f"the tasks of run '{name}' cannot be read",
        outcome="refused",
        is_passing=False,
        got=reason,
        hint="switch nodeStatusOffLoad off in the controller's settings, or look at the run with Argo's own tools",
    )
