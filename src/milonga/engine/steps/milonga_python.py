"""Steps that milonga compiled: the function travels in the container's arguments."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from pathlib import Path

from milonga.compiler.graph import Executor
from milonga.compiler.passes.shared_code import carried_modules
from milonga.engine.steps.base import PreparedStep, StepContext
from milonga.engine.steps.environment import environment_of, timeout_of, without_secrets
from milonga.engine.steps.identity import Identity
from milonga.engine.steps.imported_distributions import ImportedDistributions
from milonga.engine.steps.packages import packages_of
from milonga.engine.steps.passable import require_passable
from milonga.engine.steps.provision import Provision
from milonga.errors import InvalidPipeline
from milonga.runtime.program import TaskProgram, from_container, is_milonga_command


class MilongaStep:
    """Runs a milonga task in a worker. One object serves one run, and looks once in it for what a program imports."""

    def __init__(self) -> None:
        self._imported = ImportedDistributions()

    def matches(self, executor: Executor) -> bool:
        """Whether the container's command is milonga's."""
        return executor.container is not None and is_milonga_command(executor.container.command)

    def prepare(self, label: str, executor: Executor, context: StepContext) -> PreparedStep | Provision:
        """Read the program, unpack its modules, find its packages.

        Raises:
            InvalidPipeline: E230, the arguments are damaged.
            RunError: E442 a package that it needs is not installed here and may not be, E450 one cannot be read.
        """
        container = executor.container
        if container is None:
            raise AssertionError("matched")
        try:
            program = from_container(container.command or (), container.args or ())
            if program.code:
                carrier = context.executors[program.code.partition(":")[0]]
                program = dataclasses.replace(program, modules=carried_modules(carrier))
        except (ValueError, KeyError) as error:
            raise InvalidPipeline(
                "E230", f"the program of executor '{label}' is damaged: {error}", where=label
            ) from error
        packages = packages_of(label, program.packages, context)
        if isinstance(packages, Provision):
            return packages
        environment = environment_of(container, context)
        require_passable((), environment)
        digest = program.digest()
        imported = self._imported.of(digest, program.source, program.modules, packages.folder)
        identity = Identity(digest, packages.environment(imported), without_secrets(environment, context))
        return PreparedStep(
            identity=identity,
            worker="milonga",
            function=program.function,
            source=program.source,
            modules=_unpacked(program, context.home.modules),
            packages=packages.folder,
            environment=environment,
            live_function=context.functions.get(label),
            timeout_s=timeout_of(context),
        )


def _unpacked(program: TaskProgram, root: Path) -> Path | None:
    """The folder with the program's modules; made once a content, by rename, so several engines may do it at once."""
    if not program.modules:
        return None
    digest = hashlib.sha256(json.dumps(dict(program.modules), sort_keys=True).encode()).hexdigest()
    folder = root / digest[:32]
    if folder.is_dir():
        return folder
    temporary = root / f".{digest[:32]}.{os.getpid()}"
    for name, text in program.modules.items():
        path = temporary / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    try:
        temporary.rename(folder)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        if not folder.is_dir():
            raise
    return folder
