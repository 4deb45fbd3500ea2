"""Where milonga keeps its state: `.milonga/` beside the user's project, or the folder that MILONGA_HOME names."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_SAFE = re.compile(r"[a-z0-9_\[\]-]+(/[a-z0-9_\[\]-]+)*")


@dataclass(frozen=True, slots=True)
class Home:
    """Paths inside the state folder. Says where things are, makes nothing."""

    root: Path

    @classmethod
    def default(cls) -> Home:
        """MILONGA_HOME, or `.milonga` in the working folder."""
        return cls(Path(os.environ.get("MILONGA_HOME") or ".milonga").absolute())

    @property
    def database(self) -> Path:
        """The lineage store's file."""
        return self.root / "lineage.sqlite"

    @property
    def content(self) -> Path:
        """The content-addressed store of artifacts."""
        return self.root / "store"

    @property
    def modules(self) -> Path:
        """Unpacked module bundles of tasks, by digest."""
        return self.root / "modules"

    @property
    def servers(self) -> Path:
        """State files of served models."""
        return self.root / "servers"

    def run(self, run_id: str) -> Path:
        """The folder of a run."""
        return self.root / "runs" / run_id

    def attempt(self, run_id: str, path: str, attempt: int) -> Path:
        """The folder of one attempt of one task."""
        return self.run(run_id) / "tasks" / safe_path(path) / f"attempt-{attempt}"


def log_of(path: str, attempt: int) -> str:
    """The log of an attempt, relative to the folder of its run."""
    return f"tasks/{safe_path(path)}/attempt-{attempt}/log.txt"


def safe_path(path: str) -> str:
    """A task path as a relative file path, whatever characters its names hold."""
    if _SAFE.fullmatch(path):
        return path
    parts = [
        re.sub(r"[^A-Za-z0-9._\[\]-]", lambda match: f"%{ord(match.group()):02x}", part) for part in path.split("/")
    ]
    return "/".join(part if part not in (".", "..", "") else f"%{part or 'empty'}" for part in parts)
