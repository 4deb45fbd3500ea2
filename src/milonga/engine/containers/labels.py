"""What milonga writes on its containers, to know them again."""

from __future__ import annotations

import hashlib
from pathlib import Path

HOME = "milonga.home"
"""Which state folder, by `home_mark`."""
RUN = "milonga.run"
"""Id of the run."""
STEWARD = "milonga.steward"
"""Token of the process that looks after it."""
ATTEMPT = "milonga.attempt"
"""Folder of the attempt, relative to the run's; for people who look at `podman ps`."""


def home_mark(home: Path) -> str:
    """What stands for a state folder: a path may hold characters that mean something to a filter."""
    return hashlib.sha256(str(home).encode("utf-8", "surrogateescape")).hexdigest()[:16]
