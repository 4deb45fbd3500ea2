"""The contract of a step kind: recognise an executor, and say once what running it takes.

Step kinds belong to one run, and may remember what they have looked up for it. `prepare` is called once an executor
(for each task, where a setting comes from its inputs), from the scheduler's thread, and does not wait for anything:
what takes long it hands back as a `Provision`, and is called again when that is done. `PreparedStep` is immutable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from milonga.compiler.graph import Executor, Importer
from milonga.engine.home import Home
from milonga.engine.steps.identity import Identity
from milonga.engine.steps.provision import Provision
from milonga.engine.workers.base import ContainerProgram
from milonga.engine.workers.base import StepKind as WorkerKind


@dataclass(frozen=True, slots=True)
class StepContext:
    """What a step kind may use.

    Attributes:
        home: where state is kept: unpacked modules, environments, the content store.
        secrets: secret name → key → value.
        functions: executor label → the author's function, when it lives in this process.
        platform: the executor's Kubernetes settings.
        executors: all executors of the graph, by label.
        setting: the value of a setting that is written as an input binding of the task; None when it has none.
        parameters: the task's own parameters, for what stands in a container as a placeholder, such as its image.
        installs: whether packages that are missing here may be installed into an environment of their own.
    """

    home: Home
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    platform: Mapping[str, Any] = field(default_factory=dict)
    executors: Mapping[str, Executor] = field(default_factory=dict)
    setting: Callable[[Mapping[str, Any]], Any] = lambda binding: None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    installs: bool = True


@dataclass(frozen=True, slots=True)
class PreparedStep:
    """A step that this machine can run: a Python function in a worker, a container, or an import.

    Attributes:
        identity: the code and everything that it reaches, for the content key.
        worker: what kind of program the worker runs; None for an importer, which needs no worker.
        packages: folder of installed packages that come before all others on the step's path, or None.
        container: what a container runs, for steps of that kind.
        timeout_s: limit of one attempt; None is no limit.
    """

    identity: Identity
    worker: WorkerKind | None = None
    function: str = ""
    source: str = ""
    modules: Path | None = None
    packages: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    live_function: Callable[..., Any] | None = None
    importer: Importer | None = None
    container: ContainerProgram | None = None
    timeout_s: float | None = None


class StepKind(Protocol):
    """One way to run an executor."""

    def matches(self, executor: Executor) -> bool:
        """Whether this kind runs `executor`."""
        ...

    def prepare(self, label: str, executor: Executor, context: StepContext) -> PreparedStep | Provision:
        """What it takes to run it, or what must be brought here first.

        Raises:
            RunError: E44x, this machine cannot run it; the message says why and what would help.
        """
        ...
