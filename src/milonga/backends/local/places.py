"""Where the schedules of a state folder keep what they keep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from milonga.engine.home import Home


@dataclass(frozen=True, slots=True)
class Places:
    """Paths inside a state folder. Says where things are, makes nothing."""

    home: Home

    @property
    def database(self) -> Path:
        """Schedules and firings."""
        return self.home.root / "schedules.sqlite"

    @property
    def folder(self) -> Path:
        """Everything else about schedules."""
        return self.home.root / "schedules"

    @property
    def hook_token(self) -> Path:
        """The secret that callers of hooks must know."""
        return self.folder / "hook-token"

    @property
    def presence(self) -> Path:
        """The file that a scheduler process has locked while it is there."""
        return self.folder / "scheduler"

    def firing(self, number: int) -> Path:
        """The folder of a firing: its lock and its log."""
        return self.folder / "firings" / str(number)

    def log(self, number: int) -> Path:
        """What the process of a firing has written."""
        return self.firing(number) / "log.txt"
