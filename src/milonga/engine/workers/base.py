"""The contract of a worker pool: it runs attempts of steps, and reports how each ended.

Ownership: a pool belongs to one scheduler and is used from its thread only. `submit` never blocks on the step. Every
submitted attempt is reported exactly once by `wait`, killed ones included. `close` ends everything still running.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

StepKind = Literal["milonga", "kfp"]


@dataclass(frozen=True, slots=True)
class StepRequest:
    """One attempt of one step.

    Attributes:
        id: unique in this engine.
        kind: whose program it is.
        function: name of the function to call.
        source: Python text that defines it.
        folder: the attempt's folder; holds `executor_input.json`, gets the log, the output and the error.
        modules: folder of project modules to put on the path, or None.
        environment: variables to set.
        live_function: the author's function object, for pools that run in this process.
        executor_input: KFP's ExecutorInput.
    """

    id: int
    kind: StepKind
    function: str
    source: str
    folder: Path
    modules: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
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
    """

    id: int
    exit_code: int
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    output: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None


class WorkerPool(Protocol):
    """Runs attempts."""

    def submit(self, request: StepRequest) -> None:
        """Start an attempt."""
        ...

    def wait(self, timeout_s: float | None) -> list[StepEnded]:
        """Attempts that have ended, waiting up to `timeout_s` (None: without limit) for the first."""
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
