"""The entry point of a task's container."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from milonga.errors import MilongaError
from milonga.runtime.loading import install_packages, load_function, place_modules
from milonga.runtime.received_program import ReceivedProgram
from milonga.runtime.task import run_task


def main(arguments: Sequence[str], folder: str) -> None:
    """Run the task that `arguments` describe; exit with 1 when it fails.

    Args:
        arguments: what `TaskProgram.to_args` wrote, placeholders resolved by the back end.
        folder: a folder of this process for the modules that travel with the task.
    """
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    program, executor_input = ReceivedProgram.from_args(arguments)
    try:
        install_packages(program.packages)
        place_modules(program, Path(folder))
        run_task(load_function(program), json.loads(executor_input))
    except MilongaError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except Exception:  # noqa: BLE001 - the author's code may raise anything
        traceback.print_exc()
        sys.exit(1)
