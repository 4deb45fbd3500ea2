"""How a run shows what it is doing, on stderr."""

from milonga.engine.progress.base import Progress, Silent
from milonga.engine.progress.choice import choose_progress
from milonga.engine.progress.lines import LineProgress

__all__ = ["LineProgress", "Progress", "Silent", "choose_progress"]
