"""What a pod notes of its tasks, for whoever shows the run."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Literal

from milonga.runtime.task import write_atomically

State = Literal["SUCCEEDED", "FAILED", "SKIPPED", "NOT_RUN", "CANCELLED"]
"""How a task may end."""

_WRITE_EVERY_S = 2.0


class Journal:
    """The tasks of one pod. Owned by one thread; the file is always a whole one.

    Args:
        path: the file, made when there is something to note.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tasks: dict[str, dict[str, Any]] = {}
        self._next_at = 0.0
        self._has_news = False

    def started(self, path: str, kind: Literal["step", "group"], **more: Any) -> None:
        """A task begins."""
        self._tasks[path] = {"path": path, "kind": kind, "state": "RUNNING", "started_at": _now(), **more}
        self._has_news = True

    def attempted(self, path: str, attempt: dict[str, Any]) -> None:
        """An attempt of a step is over."""
        self._tasks[path].setdefault("attempts", []).append(attempt)
        self._has_news = True

    def ended(self, path: str, state: State, *, kind: Literal["step", "group"], cause: str = "") -> None:
        """A task is over; one that never began is noted as well."""
        task = self._tasks.setdefault(path, {"path": path, "kind": kind})
        task["state"] = state
        if "started_at" in task:
            task["ended_at"] = _now()
        if cause:
            task["cause"] = cause
        self._has_news = True

    def cancel(self) -> None:
        """Whatever still runs has been cancelled."""
        for path, task in self._tasks.items():
            if task["state"] == "RUNNING":
                self.ended(path, "CANCELLED", kind=task["kind"])

    def first_failure(self) -> str:
        """Which step has failed first, and why; "" for none."""
        failed = [task for task in self._tasks.values() if task["state"] == "FAILED" and task.get("cause")]
        failed.sort(key=lambda task: task.get("ended_at", 0.0))
        return f"{failed[0]['path']}: {failed[0]['cause']}" if failed else ""

    def keep(self) -> None:
        """Write the file if there is something new, and not too often; called from time to time while tasks work."""
        if self._has_news and time.monotonic() >= self._next_at:
            self.write()

    def write(self) -> None:
        """Write the file."""
        self._next_at, self._has_news = time.monotonic() + _WRITE_EVERY_S, False
        write_atomically(self._path, json.dumps({"tasks": list(self._tasks.values())}, separators=(",", ":")))


def _now() -> float:
    return round(time.time(), 3)
