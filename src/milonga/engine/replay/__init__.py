"""A recorded step run again: from its recorded inputs, under a debugger, or with the code as it is now."""

from milonga.engine.replay.api import failed_task, replay
from milonga.engine.replay.comparison import ComparedOutput
from milonga.engine.replay.recorded_step import lines_of
from milonga.engine.replay.replayed import Replayed
from milonga.engine.replay.replaying import ReplayRequest, replay_recorded

__all__ = [
    "ComparedOutput",
    "ReplayRequest",
    "Replayed",
    "failed_task",
    "lines_of",
    "replay",
    "replay_recorded",
]
