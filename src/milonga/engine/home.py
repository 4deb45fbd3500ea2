"""Where milonga keeps its state: `.milonga/` beside the user's project, or the folder that MILONGA_HOME names."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

_SAFE = re.compile(r"[a-z0-9_\[\]-]+(/[a-z0-9_\[\]-]+)*")
_UNSAFE = re.compile(r"[^A-Za-z0-9._\[\]-]")
_NAME_MAX = 200
"""Characters of a file name; file systems take 255 bytes, and temporary names are longer."""


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
    return path if _SAFE.fullmatch(path) and len(path) <= _NAME_MAX else "/".join(map(safe_name, path.split("/")))


def safe_name(name: str) -> str:
    """A name that somebody else chose as the name of one file: never a path, never longer than a file system takes.

    Different names stay different. A name of a pipeline file, joined to a folder as it is, could lead anywhere.
    """
    escaped = _UNSAFE.sub(lambda match: "".join(f"%{byte:02x}" for byte in _bytes(match.group())), name)
    if escaped in (".", "..", ""):
        return f"%{escaped or 'empty'}"
    if len(escaped) <= _NAME_MAX:
        return escaped
    return f"{escaped[: _NAME_MAX - 33]}%{hashlib.sha256(_bytes(name)).hexdigest()[:32]}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
