"""Where attempts of steps run: a pool a way of running them. A new way is a file here and a line below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milonga.engine.workers.contained import ContainerPool
from milonga.engine.workers.forked import ForkedPool
from milonga.engine.workers.in_process import InProcessPool
from milonga.engine.workers.workforce import Workforce

if TYPE_CHECKING:
    from milonga.engine.settings import RunSettings
    from milonga.engine.workers.base import WorkerPool


def workforce(settings: RunSettings) -> Workforce:
    """The pools of a run, by kind of step."""

    def python() -> WorkerPool:
        return InProcessPool() if settings.mode == "in-process" else ForkedPool(settings.search_path)

    return Workforce({"milonga": python, "kfp": python, "container": lambda: ContainerPool(settings.home)})
