"""Lightweight Python components of kfp, run by kfp's own executor in a worker."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shlex

from milonga.compiler.constructs.python_steps import kfp_source_position
from milonga.compiler.graph import Container, Executor
from milonga.engine.steps.base import PreparedStep, StepContext
from milonga.engine.steps.environment import environment_of, timeout_of
from milonga.engine.steps.identity import Identity
from milonga.engine.steps.milonga_python import environment_identity, require_packages
from milonga.errors import InvalidPipeline, RunError


class KfpPythonStep:
    """Runs what kfp's compiler made of a decorated function."""

    def matches(self, executor: Executor) -> bool:
        """Whether the command starts kfp's executor on a source that it carries."""
        return executor.container is not None and kfp_source_position(executor.container) is not None

    def prepare(self, label: str, executor: Executor, context: StepContext) -> PreparedStep:
        """Take the source and the function's name out of the command.

        Raises:
            InvalidPipeline: E230, the command does not name a function.
            RunError: E441 kfp is not installed, E442 a package that the component needs is not.
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
        packages = _requirements(container)
        require_packages(label, packages)
        environment = environment_of(container, context)
        code = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
        identity = Identity(f"{function} {code}", f"{container.image} {environment_identity(packages)}", environment)
        return PreparedStep(
            identity=identity,
            worker="kfp",
            function=function,
            source=source,
            environment=environment,
            timeout_s=timeout_of(context),
        )


def _requirements(container: Container) -> tuple[str, ...]:
    """What the component installs when it starts, kfp itself left out (the engine brings it)."""
    script = " ".join(part for part in (container.command or ()) if "pip install" in part)
    found: list[str] = []
    for match in re.finditer(r"pip install ([^&|;\n]*(?:'[^']*'[^&|;\n]*)*)", script):
        try:
            words = shlex.split(match.group(1))
        except ValueError:
            continue
        skip = False
        for word in words:
            if skip or word.startswith("-") or word in ("&&", "||"):
                skip = word in ("--index-url", "--extra-index-url", "--trusted-host", "-i")
                continue
            if not re.match(r"kfp([=<>!~\[]|$)", word) and word not in ("pip", "setuptools", "wheel"):
                found.append(word)
    return tuple(dict.fromkeys(found))
