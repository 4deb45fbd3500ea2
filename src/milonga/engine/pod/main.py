"""The entry point of a pod."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from milonga.engine.executor_output import WITHOUT_RESULT
from milonga.engine.pod.pod_folders import PodFolders
from milonga.engine.pod.recipe import Recipes
from milonga.engine.pod.request import PodRequest
from milonga.engine.pod.scratch import new_folder
from milonga.engine.pod.single import Single
from milonga.errors import MilongaError
from milonga.runtime.argo.layout import RECIPES_FILE

_CAUSE_FILE = Path("/dev/termination-log")
"""Kubernetes keeps what a container writes there as the cause of its end; Argo makes it the node's message."""

_CAUSE_BYTES_MAX = 2048


def main(arguments: Sequence[str]) -> int:
    """Do the pod's work; the exit code is 1 when it fails."""
    scratch = new_folder()
    try:
        cause = told(lambda: _work(arguments, PodFolders.of_environment(scratch)))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if not cause:
        return 0
    with contextlib.suppress(OSError), _CAUSE_FILE.open("r+b") as stream:  # made by Kubernetes, and by nobody else
        stream.write(cause.encode("utf-8", "backslashreplace")[:_CAUSE_BYTES_MAX])
    return 1


def _work(arguments: Sequence[str], folders: PodFolders) -> None:
    request = PodRequest.from_args(arguments)
    recipes = Recipes.from_bytes((folders.code / RECIPES_FILE).read_bytes())
    if request.mode == "together":
        from milonga.engine.pod.together.work import work_together  # few pods need it

        work_together(request, recipes, folders)
        return
    single = Single(request, recipes, folders)
    modes: dict[str, Callable[[], None]] = {"run": single.run, "probe": single.probe, "prepare": single.prepare}
    modes[request.mode]()


def told(work: Callable[[], object]) -> str:
    """Do something of the author's; why it has failed, "" when it has not. The traceback goes to the log.

    Raises:
        SystemExit: the author's code has left with an exit code of its own.
    """
    try:
        work()
    except SystemExit as ending:
        if ending.code in (None, 0):
            return f"E416: {WITHOUT_RESULT}"
        raise
    except MilongaError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return str(error)
    except Exception as error:  # noqa: BLE001 - the author's code may raise anything
        import traceback

        traceback.print_exc()
        return f"E410: {type(error).__name__}: {error}"
    return ""
