"""One node of a Workflow's status."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_DISPLAY_NAME = re.compile(r"(?P<task>.*?)(?:\((?P<index>\d+):.*?\))?(?:\(\d+\))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Node:
    """A node.

    Attributes:
        id: unique in the Workflow; the key of `status.nodes`.
        name: unique too, made of the names of everything around it.
        display_name: the task's name; with `(index:item)` in a loop, with `(attempt)` below a node of retries.
        type: Pod, DAG, Retry, TaskGroup, Skipped ...
        phase: Pending, Running, Succeeded, Failed, Error, Skipped or Omitted; "" before its first.
        template: the template that it runs.
        boundary: id of the DAG that it stands in, "" for the root.
        children: ids of nodes that come after it, or inside it.
        message: why it is in its phase.
        started_at, ended_at: seconds since the epoch, None for not yet.
        parameters: values of its inputs.
        document: all that Argo says.
        is_reused: whether it is known to have handed on the result of another run.
        cpu_s, memory_bytes: what an attempt has used, where that was measured.
    """

    id: str
    name: str
    display_name: str
    type: str
    phase: str
    template: str
    boundary: str
    children: tuple[str, ...]
    message: str
    started_at: float | None
    ended_at: float | None
    parameters: Mapping[str, str]
    document: Mapping[str, Any] = field(repr=False)
    is_reused: bool = False
    cpu_s: float = 0.0
    memory_bytes: int = 0

    @classmethod
    def from_json(cls, id: str, document: Mapping[str, Any]) -> Node:
        """The node that a Workflow's status describes."""
        reference = document.get("templateRef") or {}
        inputs = (document.get("inputs") or {}).get("parameters") or []
        return cls(
            id=id,
            name=str(document.get("name") or id),
            display_name=str(document.get("displayName") or document.get("name") or id),
            type=str(document.get("type") or ""),
            phase=str(document.get("phase") or ""),
            template=str(document.get("templateName") or reference.get("template") or ""),
            boundary=str(document.get("boundaryID") or ""),
            children=tuple(document.get("children") or ()),
            message=str(document.get("message") or ""),
            started_at=seconds_of(document.get("startedAt")),
            ended_at=seconds_of(document.get("finishedAt")),
            parameters={item["name"]: str(item.get("value", "")) for item in inputs if item.get("name")},
            document=document,
        )

    @property
    def task(self) -> str:
        """The name of the task in its DAG's template."""
        return self._matched["task"] or ""

    @property
    def index(self) -> int | None:
        """Which of several that one task was made into; None where it is the only one."""
        found = self._matched["index"]
        return None if found is None else int(found)

    @property
    def _matched(self) -> re.Match[str]:
        found = _DISPLAY_NAME.fullmatch(self.display_name)
        if found is None:
            raise AssertionError("every text matches")
        return found

    @property
    def progress(self) -> str:
        """How far it has come, as "ended/all"; Argo counts pods, unless a pod counts for itself. "" for unknown."""
        return str(self.document.get("progress") or "")

    @property
    def exit_code(self) -> int | None:
        """The exit code of its container, None where there is none."""
        code = str((self.document.get("outputs") or {}).get("exitCode") or "")
        return int(code) if code.lstrip("-").isdigit() else None


def seconds_of(text: object) -> float | None:
    """A time of Kubernetes as seconds since the epoch; None for none."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None
