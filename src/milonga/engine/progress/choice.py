"""Which progress a call from Python gets when it names none."""

from __future__ import annotations

import sys

from milonga.engine.progress.base import Progress
from milonga.engine.progress.lines import LineProgress


def choose_progress(*, show_logs: bool) -> Progress:
    """A table that changes in place in a notebook, plain lines on stderr elsewhere.

    Args:
        show_logs: whether failed steps show the end of their logs; not where these have been seen live.
    """
    if is_notebook():
        from milonga.engine.progress.notebook import NotebookProgress

        return NotebookProgress(show_logs=show_logs)
    return LineProgress(show_logs=show_logs)


def is_notebook() -> bool:
    """Whether this is a kernel, which a notebook listens to. IPython is not imported for it: who runs in it has it."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
    return getattr(shell, "kernel", None) is not None
