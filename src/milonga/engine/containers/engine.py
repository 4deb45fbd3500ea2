"""A container engine of this machine, driven through its own command line."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import Literal

Flavour = Literal["podman", "docker"]


@dataclass(frozen=True, slots=True)
class ContainerEngine:
    """A program that runs containers, and has answered.

    Attributes:
        flavour: whose command line it understands.
        path: of the program.
        version: what it calls itself.
        is_rootless: whether root inside of a container is the user who started it.
    """

    flavour: Flavour
    path: str
    version: str
    is_rootless: bool = False

    def call(self, *arguments: str, timeout_s: float | None = 60.0) -> subprocess.CompletedProcess[str]:
        """Run one of its commands to the end.

        Raises:
            OSError: the program cannot be started.
            subprocess.TimeoutExpired: it did not end in time.
        """
        return subprocess.run(
            [self.path, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )

    def user_for(self, image_user: str) -> str | None:
        """Who a container must be for its files to be ours, as `--user` takes it; None is whom the image names.

        Root may read everything. In a rootless engine root is we ourselves, in a shared one our own number is.
        """
        if self.is_rootless:
            return "0:0" if image_user.partition(":")[0] not in ("", "0", "root") else None
        return None if os.geteuid() == 0 else f"{os.getuid()}:{os.getgid()}"


def last_line(text: str) -> str:
    """The last line of what an engine has written, which says what went wrong; at most 500 characters."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:500] if lines else ""
