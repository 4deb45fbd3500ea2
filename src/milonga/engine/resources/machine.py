"""What this machine has, as far as this process may use it: cores, memory, graphics processors."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

_DEVICES = Path("/dev")
_CGROUP = Path("/sys/fs/cgroup")
_GPU = re.compile(r"nvidia(\d+)")


@dataclass(frozen=True, slots=True)
class Machine:
    """Resources that steps share.

    Attributes:
        cpus: cores that this process may run on, a quota of its container included; may be a fraction.
        memory_bytes: physical memory, or the limit of the container around this process.
        gpus: NVIDIA devices, as CUDA_VISIBLE_DEVICES names them. Devices of other makers are not seen.
    """

    cpus: float
    memory_bytes: int
    gpus: tuple[str, ...] = ()

    @classmethod
    def measured(cls) -> Machine:
        """This machine, now. A few small files are read; no driver is asked."""
        return cls(min(float(available_cores()), _cpu_quota()), min(_physical_memory(), _memory_limit()), _gpus())


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _physical_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _cpu_quota() -> float:
    """The quota of a container in cores: version 2 of control groups, then version 1. No quota is infinity."""
    quota, _, period = _first_line(_CGROUP / "cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit():
        return max(int(quota) / int(period), 0.1)
    older = _first_line(_CGROUP / "cpu/cpu.cfs_quota_us")
    base = _first_line(_CGROUP / "cpu/cpu.cfs_period_us")
    return max(int(older) / int(base), 0.1) if older.isdigit() and base.isdigit() and int(base) else math.inf


def _memory_limit() -> int:
    """The limit of a container in bytes; what is no limit is larger than any memory."""
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        text = _first_line(_CGROUP / name)
        if text.isdigit():
            return int(text)
    return 1 << 62


def _first_line(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def _gpus() -> tuple[str, ...]:
    """Those that the caller left visible, else those that have a device file."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return tuple(name.strip() for name in visible.split(",") if name.strip() not in ("", "-1"))
    try:
        found = [_GPU.fullmatch(entry.name) for entry in _DEVICES.iterdir()]
    except OSError:
        return ()
    return tuple(str(number) for number in sorted(int(match.group(1)) for match in found if match))
