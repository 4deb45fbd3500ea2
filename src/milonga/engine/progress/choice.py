"""Which progress a call from Python gets when it names none, and which a command gets."""

from __future__ import annotations

import sys

from milonga.engine.progress.base import Progress, Silent
from milonga.engine.progress.lines import LineProgress
from milonga.engine.progress.streamed_logs import StreamedLogs


def choose_progress(*, show_logs: bool) -> Progress:
    """A table that changes in place in a notebook, plain lines on stderr elsewhere.

    Args:
        show_logs: whether failed steps show the end of their logs; not where these have been seen live.
    """
    if is_notebook():
        from milonga.engine.progress.notebook import NotebookProgress

        return NotebookProgress(show_logs=show_logs)
    return LineProgress(show_logs=show_logs)


def command_progress(*, quiet: bool, debugging: bool, logs: bool = False) -> Progress:
    """A live view on a terminal, plain lines elsewhere.

    Args:
        quiet: show no events.
        debugging: whether a person types into the steps; what they print is seen anyway.
        logs: whether the logs of running steps are shown while they are written.
    """
    is_streamed = logs and not debugging
    if quiet:
        return StreamedLogs(Silent()) if is_streamed else Silent()
    if sys.stderr.isatty() and not debugging:
        from milonga.engine.progress.live import LiveProgress  # rich is not loaded for a pipe

        live = LiveProgress(show_logs=not logs)
        return StreamedLogs(live, live.print_line) if is_streamed else live
    lines = LineProgress(show_logs=not (debugging or logs))
    return StreamedLogs(lines) if is_streamed else lines


def is_notebook() -> bool:
    """Whether this is a kernel, which a notebook listens to. IPython is not imported for it: who runs in it has it."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
    return getattr(shell, "kernel", None) is not None
