"""How a run shows what it is doing, on stderr."""

from milonga.engine.progress.base import Progress, Silent
from milonga.engine.progress.choice import choose_progress, command_progress
from milonga.engine.progress.lines import LineProgress
from milonga.engine.progress.streamed_logs import StreamedLogs

__all__ = ["LineProgress", "Progress", "Silent", "StreamedLogs", "choose_progress", "command_progress"]
