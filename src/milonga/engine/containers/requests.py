"""What the steward is told about one container."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from milonga.engine.containers.command_line import client_environment, file_of_variables, start_command
from milonga.engine.containers.engine import ContainerEngine
from milonga.engine.containers.labels import ATTEMPT, HOME, RUN, STEWARD, home_mark
from milonga.engine.containers.program import PodProgram
from milonga.engine.containers.surroundings import Surroundings, prepare_surroundings, run_of
from milonga.engine.home import Home
from milonga.engine.placeholders import PlaceholderContext, resolve_arguments
from milonga.engine.steps.passable import require_passable
from milonga.engine.workers.base import INPUT_FILE, LOG_FILE, OUTPUT_FILE, StepRequest
from milonga.errors import RunError


def steward_message(engine: ContainerEngine, request: StepRequest, home: Home, token: str) -> dict[str, Any]:
    """Everything that the steward must know about a container; the folders that it needs are there afterwards.

    Args:
        engine: which starts it.
        request: the attempt.
        home: the state folder.
        token: of the steward.

    Raises:
        RunError: E433 a placeholder without a value, E464 an argument or variable that cannot be given, E423 a folder
            that cannot be made.
    """
    program = request.container
    if not isinstance(program, PodProgram):
        raise AssertionError("made by the container step")
    context = PlaceholderContext(names=request.names, executor_input=request.executor_input)
    command = resolve_arguments(program.command, context)
    args = resolve_arguments(program.args, context)
    require_passable([*command, *args], request.environment)
    surroundings = _made_surroundings(request, program, home, file_of_variables(request.environment))
    id_file = request.folder / "container.id"
    name = f"milonga-{token}-{request.id}"
    arguments = start_command(
        engine,
        program,
        name=name,
        labels=_labels(request.folder, home, token),
        command=command,
        args=args,
        environment=request.environment,
        mounts=surroundings.mounts,
        limits=request.limits,
        id_file=id_file,
        variables_file=surroundings.variables_file,
    )
    return {
        "do": "run",
        "id": request.id,
        "name": name,
        "arguments": arguments,
        "environment": client_environment(request.environment),
        "log": str(request.folder / LOG_FILE),
        "output": str(request.folder / OUTPUT_FILE),
        "id_file": str(id_file),
        "remove": [*map(str, surroundings.passing)],
    }


def _made_surroundings(request: StepRequest, program: PodProgram, home: Home, variables: str) -> Surroundings:
    try:
        request.folder.mkdir(parents=True, exist_ok=True)
        (request.folder / INPUT_FILE).write_text(json.dumps(request.executor_input), encoding="utf-8")
        return prepare_surroundings(request, program, home, variables)
    except OSError as error:
        message = f"a folder for the container cannot be made: {error.strerror}"
        raise RunError("E423", message, where=str(error.filename or request.folder), kind="system") from error


def _labels(folder: Path, home: Home, token: str) -> dict[str, str]:
    run = run_of(folder, home)
    attempt = str(folder.relative_to(home.run(run))) if run else folder.name
    return {HOME: home_mark(home.root), RUN: run, STEWARD: token, ATTEMPT: attempt}
