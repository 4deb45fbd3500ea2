"""What a running container uses, read from its control group. Linux only: elsewhere nothing is seen, and 0 is said."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_PLACES = (
    "machine.slice/libpod-{id}.scope",
    "libpod_parent/libpod-{id}",
    "user.slice/user-{uid}.slice/user@{uid}.service/user.slice/libpod-{id}.scope",
    "system.slice/docker-{id}.scope",
    "docker/{id}",
    "user.slice/user-{uid}.slice/user@{uid}.service/user.slice/docker-{id}.scope",
)
"""Where podman and docker put a container's group, with systemd and without."""


@dataclass(slots=True)
class Usage:
    """Looked at from time to time; what a container did after the last look is not in it.

    Attributes:
        id_file: where the engine writes the container's id when it has made it.
        cpu_s: processor seconds of all its processes.
        peak_memory_bytes: the most that they held at a look, without the cache of files.
    """

    id_file: Path
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    _groups: tuple[Path, ...] = field(default=())

    def look(self) -> None:
        """Read how much it is now."""
        with contextlib.suppress(OSError, ValueError):
            if not self._groups:
                self._groups = _groups_of(self.id_file.read_text().strip())
            for group in self._groups:
                self.cpu_s = max(self.cpu_s, _cpu_s(group))
                self.peak_memory_bytes = max(self.peak_memory_bytes, _memory_bytes(group))


def _groups_of(container: str) -> tuple[Path, ...]:
    """The container's group in version 2, or its groups for processor time and memory in version 1."""
    if not container:
        return ()
    roots = (_ROOT, _ROOT / "cpuacct", _ROOT / "memory")
    places = [place.format(id=container, uid=os.getuid()) for place in _PLACES]
    return tuple(root / place for root in roots for place in places if (root / place).is_dir())


def _cpu_s(group: Path) -> float:
    if (group / "cpuacct.usage").is_file():
        return int((group / "cpuacct.usage").read_text()) / 1e9
    return _fields(group / "cpu.stat").get("usage_usec", 0) / 1e6


def _memory_bytes(group: Path) -> int:
    found = _fields(group / "memory.stat")
    if "total_rss" in found:
        return found["total_rss"] + found.get("total_shmem", 0)
    return found.get("anon", 0) + found.get("shmem", 0)


def _fields(path: Path) -> dict[str, int]:
    if not path.is_file():
        return {}
    return {key: int(value) for key, value in (line.split() for line in path.read_text().splitlines())}
