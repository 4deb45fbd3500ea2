"""The parent's end of one measuring child process: starts it, talks to it with a time limit, ends it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.components.device_compilation import measurement_worker
from milonga.components.device_compilation.timing import Artefact, Timing

if TYPE_CHECKING:
    import numpy.typing as npt

WARM_UP_S = 1.0
WORKER = measurement_worker.__name__
"""Imported although it runs in the child: what a task imports is what travels with it."""


class MeasurementError(Exception):
    """The child process crashed, refused the artefact or did not answer in time."""


class MeasurementProcess:
    """One child that runs one artefact. Owned by one thread; `close` must be called.

    Args:
        artefact: what to run.
        threads: threads of the inference.
        timeout_s: longest time for an answer, in seconds; the first one includes the start.
    """

    def __init__(self, artefact: Artefact, *, threads: int, timeout_s: float) -> None:
        self._threads = threads
        self._timeout_s = timeout_s
        self._wall_ms: list[float] = []
        self._cpu_ms: list[float] = []
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the child, closed by `close`
        shape = ",".join(str(size) for size in artefact.sample_shape)
        command = [sys.executable, "-c", _start(), "--backend", artefact.backend, "--artefact", str(artefact.path)]
        self._child = subprocess.Popen(
            [*command, "--threads", str(threads), "--shape", shape],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=_environment(threads),
        )

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._child.pid

    def predict(self, stored: Path) -> npt.NDArray[Any]:
        """Probabilities `[n, classes]` of the samples in the NumPy file `stored`, in the form of a data set."""
        import numpy as np

        with tempfile.TemporaryDirectory(prefix="milonga-predict-") as folder:
            target = Path(folder) / "probabilities.npy"
            self._ask({"predict": str(stored), "target": str(target)})
            result: npt.NDArray[Any] = np.load(target, allow_pickle=False)
            return result

    def warm_up(self) -> float:
        """Wait until the artefact is loaded and its time has settled; the time of one call in milliseconds."""
        return float(self._ask({"warm_up_s": WARM_UP_S})["call_ms"])

    def time_calls(self, calls: int) -> None:
        """Make that many timed calls and keep their times."""
        answer = self._ask({"calls": calls})
        self._wall_ms += answer["wall_ms"]
        self._cpu_ms += answer["cpu_ms"]

    def take_timing(self) -> Timing:
        """What the timed calls since the last one give; there must be some."""
        import numpy as np

        wall_ms, cpu_ms = self._wall_ms, self._cpu_ms
        self._wall_ms, self._cpu_ms = [], []
        return Timing(
            p50_ms=round(float(np.percentile(wall_ms, 50)), 6),
            p95_ms=round(float(np.percentile(wall_ms, 95)), 6),
            cpu_p50_ms=round(float(np.percentile(cpu_ms, 50)), 6),
            cpu_p95_ms=round(float(np.percentile(cpu_ms, 95)), 6),
            samples=len(wall_ms),
            threads=self._threads,
        )

    def close(self) -> None:
        """End the child, whatever it does."""
        self._child.kill()
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # the child is gone with unread input
                    continue
        self._log.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._child.stdin, self._child.stdout
        if stdin is None or stdout is None:
            raise MeasurementError("the measuring process has no pipes")
        try:
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.flush()
        except OSError as reason:
            raise MeasurementError(self._death()) from reason
        line = b""
        end = time.monotonic() + self._timeout_s
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([stdout], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise MeasurementError(f"no answer within {self._timeout_s:g} s")
            block = os.read(stdout.fileno(), 1 << 16)
            if not block:
                raise MeasurementError(self._death())
            line += block
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _death(self) -> str:
        code = self._child.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - 2000))
        lines = self._log.read().decode("utf-8", errors="replace").strip().splitlines()
        return f"the measuring process ended with {how}" + (f": {lines[-1][:300]}" if lines else "")


def _start() -> str:
    """The child's program: `python -m WORKER`, with the parts of the package where this process has them.

    In a pod the package comes in two pieces, the runtime and what travels with the task. Only `__path__` joins them.
    The piece that this process has the worker from comes first: others may have some of the same modules.
    """
    package = WORKER.partition(".")[0]
    own = str(Path(measurement_worker.__file__).parents[WORKER.count(".") - 1])
    places = list(dict.fromkeys([own, *sys.modules[package].__path__]))
    return (
        f"import runpy, {package}; {package}.__path__[:] = {places!r}; "
        f"runpy.run_module({WORKER!r}, run_name='__main__')"
    )


def _environment(threads: int) -> dict[str, str]:
    pinned = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return {**os.environ, **pinned, "PYTHONPATH": path, "ORT_DISABLE_TELEMETRY": "1"}
