"""Lightweight Python components of kfp, run by kfp's own executor in a worker."""

from __future__ import annotations

import hashlib
import importlib.util
import re

from milonga.compiler.constructs.python_steps import kfp_source_position
from milonga.compiler.graph import Container, Executor
from milonga.engine.steps.base import PreparedStep, StepContext
from milonga.engine.steps.environment import environment_of, timeout_of, without_secrets
from milonga.engine.steps.identity import Identity
from milonga.engine.steps.imported_distributions import ImportedDistributions
from milonga.engine.steps.packages import StepPackages, packages_of
from milonga.engine.steps.passable import require_passable
from milonga.engine.steps.provision import Provision
from milonga.errors import InvalidPipeline, RunError

_BROUGHT = re.compile(r"(kfp([=<>!~\[ ;@].*)?|pip|setuptools|wheel)$")
"""What kfp's start scripts install for themselves; the engine brings kfp."""


class KfpPythonStep:
    """Runs what kfp's compiler made of a decorated function. One object serves one run.

    Its image is not part of the identity: a worker does not use it. kfp is, whose executor calls the function.
    """

    def __init__(self) -> None:
        self._imported = ImportedDistributions()

    def matches(self, executor: Executor) -> bool:
        """Whether the command starts kfp's executor on a source that it carries."""
        return executor.container is not None and kfp_source_position(executor.container) is not None

    def prepare(self, label: str, executor: Executor, context: StepContext) -> PreparedStep | Provision:
        """Take the source, the function's name and the packages out of the command.

        Raises:
            InvalidPipeline: E230, the command does not name a function.
            RunError: E441 kfp is not installed, E442 a package that the component needs is not and may not be, E450 one
                cannot be read.
        """
        container = executor.container
        position = kfp_source_position(container) if container is not None else None
        if container is None or position is None:
            raise AssertionError("matched")
        if importlib.util.find_spec("kfp") is None:
            raise RunError(
                "E441",
                f"'{label.removeprefix('exec-')}' is a kfp component, and kfp is not installed",
                hint="pip install 'milonga[kfp]'",
            )
        arguments = list(container.args or ())
        if "--function_to_execute" not in arguments:
            raise InvalidPipeline("E230", f"the command of executor '{label}' names no function", where=label)
        function = arguments[arguments.index("--function_to_execute") + 1]
        source = (container.command or ())[position]
        packages = _packages(label, container, context)
        if isinstance(packages, Provision):
            return packages
        environment = environment_of(container, context)
        require_passable((), environment)
        code = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
        imported = self._imported.of(code, source, {}, packages.folder, "kfp")
        identity = Identity(f"{function} {code}", packages.environment(imported), without_secrets(environment, context))
        return PreparedStep(
            identity=identity,
            worker="kfp",
            function=function,
            source=source,
            packages=packages.folder,
            environment=environment,
            timeout_s=timeout_of(context),
        )


def _packages(label: str, container: Container, context: StepContext) -> StepPackages | Provision:
    """What the component installs when it starts, kfp itself left out."""
    scripts = [part for part in container.command or () if "pip install" in part]
    if not scripts:
        return packages_of(label, (), context)
    from milonga.engine.environments import pip_installs

    installs = pip_installs("\n".join(scripts), label, _BROUGHT)
    packages = packages_of(label, installs.packages, context, installs.sources)
    if isinstance(packages, Provision) and installs.unknown:
        raise RunError(
            "E450",
            f"'{label.removeprefix('exec-')}' is installed with options of pip that are not understood here",
            got=" ".join(installs.unknown),
            expected="requirements, and options that say where packages come from",
            hint="install its packages into this environment, or run it in a container",
        )
    return packages
