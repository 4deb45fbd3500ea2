"""The entry point of a pod."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from milonga.engine.pod.attempt import Attempt
from milonga.engine.pod.recipe import Recipes
from milonga.engine.pod.request import PodRequest
from milonga.engine.pod.start_script import start_script
from milonga.errors import MilongaError
from milonga.runtime.argo.layout import CODE, INPUTS, OUTPUTS, RECIPES_FILE, RESULT, SCRIPT_FILE

_CAUSE_FILE = Path("/dev/termination-log")
"""Kubernetes keeps what a container writes there as the cause of its end; Argo makes it the node's message."""

_CAUSE_BYTES_MAX = 2048


def main(arguments: Sequence[str]) -> int:
    """Do the pod's work; the exit code is 1 when it fails."""
    try:
        request = PodRequest.from_args(arguments)
        recipes = Recipes(Path(os.environ.get("MILONGA_CODE", CODE)) / RECIPES_FILE)
        outputs = Path(os.environ.get("MILONGA_OUTPUTS", OUTPUTS))
        attempt = Attempt(request, recipes, Path(os.environ.get("MILONGA_INPUTS", INPUTS)), outputs)
        try:
            modes: dict[str, Callable[[], None]] = {
                "run": attempt.run,
                "probe": attempt.probe,
                "prepare": lambda: _prepare(attempt, outputs),
            }
            modes[request.mode]()
        finally:
            attempt.close()
    except SystemExit as ending:
        if ending.code in (None, 0):
            return _failed("E416: the process ended with exit code 0 without a result")
        raise
    except MilongaError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return _failed(str(error))
    except Exception as error:  # noqa: BLE001 - the author's code may raise anything
        traceback.print_exc()
        return _failed(f"E410: {type(error).__name__}: {error}")
    return 0


def _prepare(attempt: Attempt, outputs: Path) -> None:
    """Write the script that the container of the task starts with: it may have no Python."""
    earlier, script = attempt.earlier_result(), outputs / SCRIPT_FILE
    if earlier is not None:
        shutil.copytree(earlier, outputs / RESULT)
        script.write_text("echo the result of an earlier run is used >&2\n", "utf-8")
        return
    executor_input = attempt.executor_input()
    artifacts = (entry["artifacts"][0] for entry in executor_input["outputs"]["artifacts"].values())
    variables = json.loads(os.environ.get("MILONGA_VARIABLES", "[]"))
    folders = [Path(artifact["uri"]).parent for artifact in artifacts]
    script.write_text(
        start_script(attempt.command(executor_input), variables, outputs, folders, uid=attempt.uid),
        "utf-8",
        "surrogatepass",
    )


def _failed(cause: str) -> int:
    with contextlib.suppress(OSError), _CAUSE_FILE.open("r+b") as stream:  # made by Kubernetes, and by nobody else
        stream.write(cause.encode("utf-8", "backslashreplace")[:_CAUSE_BYTES_MAX])
    return 1
