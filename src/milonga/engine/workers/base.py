"""The contract of a worker pool: it runs attempts of steps, and reports how each ended.

Ownership: a pool belongs to one scheduler and is used from its thread only. `submit` never blocks on the step. Every
submitted attempt is reported exactly once by `collect`, killed ones included. `close` ends everything still running.
Whatever becomes of the engine, SIGKILL included, no attempt outlives it for long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

StepKind = Literal["milonga", "kfp", "container"]


@dataclass(frozen=True, slots=True)
class ContainerProgram:
    """What a container runs.

    Attributes:
        image: the image by a name that this machine resolves without a network, best by its digest.
        command, args: as in the pipeline file, with placeholders; filled in from the attempt's ExecutorInput.
    """

    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What an attempt may use.

    Attributes:
        cpus: cores; None is no limit.
        memory_bytes: of all its processes together; None is no limit.
        gpus: the devices that are its own, as their driver names them; None leaves all visible.
    """

    cpus: float | None = None
    memory_bytes: int | None = None
    gpus: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class StepRequest:
    """One attempt of one step.

    Attributes:
        id: unique in this engine.
        kind: whose program it is.
        task: path of the task in its run.
        function: name of the function to call.
        source: Python text that defines it.
        folder: the attempt's folder; holds `executor_input.json`, gets the log, the output and the error.
        modules: folder of project modules to put on the path, or None.
        packages: folder of installed packages that come before all others on the path, or None.
        environment: variables to set.
        container: what to run, for the kind "container".
        limits: what it may use.
        names: run-level values of KFP's placeholders, such as "pipeline_job_name".
        live_function: the author's function object, for pools that run in this process.
        executor_input: KFP's ExecutorInput.
    """

    id: int
    kind: StepKind
    function: str
    source: str
    folder: Path
    task: str = ""
    modules: Path | None = None
    packages: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    container: ContainerProgram | None = None
    limits: Limits = field(default_factory=Limits)
    names: Mapping[str, str] = field(default_factory=dict)
    live_function: Callable[..., Any] | None = None
    executor_input: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepEnded:
    """How an attempt ended.

    Attributes:
        exit_code: 0 for success; negative for a signal.
        cpu_s, peak_memory_bytes: of the attempt's processes; 0 when not measured.
        output: the ExecutorOutput when the pool has it at hand; else it is in the attempt's folder.
        error: code, message, traceback, when the pool has them at hand; else in the attempt's folder.
        wall_s: how long it ran, by a clock that does not jump; 0 when not measured.
    """

    id: int
    exit_code: int
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    output: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    wall_s: float = 0.0


class WorkerPool(Protocol):
    """Runs attempts."""

    def submit(self, request: StepRequest) -> None:
        """Start an attempt."""
        ...

    def streams(self) -> list[int]:
        """File descriptors, one of which can be read when `collect` may have something new."""
        ...

    def collect(self) -> list[StepEnded]:
        """Attempts that have ended, without waiting."""
        ...

    def kill(self, request_id: int) -> None:
        """End an attempt and all its processes."""
        ...

    def close(self) -> None:
        """End everything."""
        ...


INPUT_FILE, OUTPUT_FILE, ERROR_FILE, LOG_FILE = (
    "executor_input.json",
    "executor_output.json",
    "error.json",
    "log.txt",
)
