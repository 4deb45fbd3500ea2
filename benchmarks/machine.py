"""Where the figures come from, without which they say nothing."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from typing import Any

from benchmarks.environments import PEERS, version_of


def machine() -> dict[str, Any]:
    """Cores, Python, versions and load of this machine, now."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": cores,
        "python": platform.python_version(),
        "versions": {"milonga": version("milonga"), **{tool: version_of(tool) for tool in PEERS}},
        "load": round(os.getloadavg()[0], 2),
    }


def line(facts: dict[str, Any]) -> str:
    """The same as one line."""
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    return (
        f"{facts['system']}, {facts['cores']} cores, Python {facts['python']} ({sys.implementation.name}); "
        f"{versions}; load {facts['load']}"
    )
