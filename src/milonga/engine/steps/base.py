"""The contract of a step kind: recognise an executor, and say once what running it takes.

Step kinds are stateless and shared. `prepare` is called once an executor and run; `PreparedStep` is immutable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from milonga.compiler.graph import Executor, Importer
from milonga.engine.workers.base import StepKind as WorkerKind


@dataclass(frozen=True, slots=True)
class StepContext:
    """What a step kind may use.

    Attributes:
        modules_root: folder under which bundles of modules are unpacked, by digest.
        secrets: secret name → key → value.
        functions: executor label → the author's function, when it lives in this process.
        platform: the executor's Kubernetes settings.
        executors: all executors of the graph, by label.
        setting: the value of a setting that is written as an input binding of the task; None when it has none.
    """

    modules_root: Path
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    platform: Mapping[str, Any] = field(default_factory=dict)
    executors: Mapping[str, Executor] = field(default_factory=dict)
    setting: Callable[[Mapping[str, Any]], Any] = lambda binding: None


@dataclass(frozen=True, slots=True)
class PreparedStep:
    """A step that this machine can run: a Python function in a worker, or an import.

    Attributes:
        identity: text that stands for the code and everything that it reaches, for the content key.
        worker: what kind of program the worker runs; None for an importer, which needs no worker.
        timeout_s: limit of one attempt; None is no limit.
    """

    identity: str
    worker: WorkerKind | None = None
    function: str = ""
    source: str = ""
    modules: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    live_function: Callable[..., Any] | None = None
    importer: Importer | None = None
    timeout_s: float | None = None


class StepKind(Protocol):
    """One way to run an executor."""

    def matches(self, executor: Executor) -> bool:
        """Whether this kind runs `executor`."""
        ...

    def prepare(self, label: str, executor: Executor, context: StepContext) -> PreparedStep:
        """What it takes to run it.

        Raises:
            RunError: E44x, this machine cannot run it; the message says why and what would help.
        """
        ...
