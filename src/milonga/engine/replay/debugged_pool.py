"""The pool of a step that is being debugged: it runs in this process, and where it raises, pdb opens."""

from __future__ import annotations

import bdb
import pdb
import sys
import traceback
from types import TracebackType
from typing import Any

from milonga.engine.workers.base import StepRequest
from milonga.engine.workers.in_process import InProcessPool

_OURS = ("milonga/engine/", "milonga/runtime/", "kfp/dsl/executor")
_LIBRARIES = ("site-packages/", "dist-packages/", "lib/python")


class DebuggedPool(InProcessPool):
    """Runs the attempt as `InProcessPool` does; a failure opens pdb before anything is let go of."""

    @staticmethod
    def _run(request: StepRequest) -> dict[str, Any]:
        try:
            return InProcessPool._run(request)
        except (KeyboardInterrupt, SystemExit, bdb.BdbQuit):
            raise
        except BaseException as error:
            _ask(error)
            raise


def _ask(error: BaseException) -> None:
    """Post-mortem: at the author's innermost line, the frames below it one `down` away, ours above it cut off."""
    frames = _authors_part(error.__traceback__)
    if frames is None:
        return
    for line in traceback.format_exception_only(type(error), error):
        sys.stderr.write(line)
    debugger = pdb.Pdb()
    deeper = _depth_below_author(frames)
    if deeper:
        debugger.cmdqueue.append(f"up {deeper}")
    debugger.reset()
    debugger.interaction(None, frames)


def _file_of(frames: TracebackType) -> str:
    return frames.tb_frame.f_code.co_filename.replace("\\", "/")


def _authors_part(frames: TracebackType | None) -> TracebackType | None:
    """The traceback without its first part, which is ours; None when nothing else is in it."""
    while frames is not None and any(part in _file_of(frames) for part in _OURS):
        frames = frames.tb_next
    return frames


def _depth_below_author(frames: TracebackType) -> int:
    """How many frames of libraries stand below the last one that is the author's."""
    depth, current = 0, frames.tb_next
    while current is not None:
        depth = depth + 1 if any(part in _file_of(current) for part in (*_OURS, *_LIBRARIES)) else 0
        current = current.tb_next
    return depth
