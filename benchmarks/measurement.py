"""Runs cases: one fresh process a sample, in an empty home, counted with everything that it started."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.environments import PeerMissing, interpreter_of

CASES = Path(__file__).resolve().parent / "cases"
LIMIT_S = 900
QUIET = {
    "DO_NOT_TRACK": "1",
    "OTEL_SDK_DISABLED": "true",
    "METAFLOW_DEFAULT_EVENT_LOGGER": "nullSidecarLogger",
    "METAFLOW_DEFAULT_MONITOR": "nullSidecarMonitor",
    "ORT_DISABLE_TELEMETRY": "1",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}
"""Telemetry of peers, switched off; and the patience that Prefect needs with its own server on a busy machine."""


class CaseFailed(Exception):
    """A case did not run to its end; the message says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """A script of `cases` for one tool, with its settings."""

    tool: str
    script: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of a case.

    Attributes:
        cpu_s: user and system time of the process and of all descendants that were waited for.
        wall_s: on a shared machine this says more about the others.
        peak_bytes: largest memory of the process itself or of one of its descendants.
        output: what the case reported.
    """

    cpu_s: float
    wall_s: float
    peak_bytes: int
    output: Mapping[str, Any]


@dataclass(slots=True)
class Runs:
    """The samples of one case, or why there are none."""

    samples: list[Sample] = field(default_factory=list)
    failure: str = ""

    def median(self, read: Callable[[Sample], float] = lambda sample: sample.cpu_s) -> float | None:
        """Median of what `read` takes from each sample; None when the case failed."""
        return None if self.failure or not self.samples else statistics.median(map(read, self.samples))

    def fastest(self, name: str) -> float | None:
        """Least of a wall time that the case reported: other load on the machine can only add to it."""
        return None if self.failure else min((float(sample.output[name]) for sample in self.samples), default=None)

    def reported(self, name: str) -> float | None:
        """Median of a number that the case reported."""
        return self.median(lambda sample: float(sample.output[name]))


def interleave(cases: Mapping[str, Case], repeats: int, *, warm_up: bool = False) -> dict[str, Runs]:
    """Run all cases in turn, `repeats` times round, so that a change of load meets all of them alike."""
    runs = {label: Runs() for label in cases}
    for number in range(repeats + warm_up):
        for label, case in cases.items():
            if runs[label].failure:
                continue
            try:
                sample = run_case(case)
            except (CaseFailed, PeerMissing) as error:
                runs[label].failure = str(error)
                continue
            if number >= warm_up:
                runs[label].samples.append(sample)
    return runs


def run_case(case: Case, home: Path | None = None) -> Sample:
    """Run a case once.

    Args:
        case: which one.
        home: home and working folder of the process; by default a new one, removed afterwards.

    Raises:
        PeerMissing: the tool cannot be installed.
        CaseFailed: the script failed.
    """
    python = interpreter_of(case.tool)
    command = [str(python), str(CASES / f"{case.script}.py"), json.dumps(case.settings)]
    with nullcontext(str(home)) if home else tempfile.TemporaryDirectory(prefix="bench-") as folder:
        inherited = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        path = os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)])
        environment = {**inherited, **QUIET, "PATH": path, "HOME": folder, "USER": "bench"}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            before = time.perf_counter()
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=err)
            status, usage = _waited(process, before + LIMIT_S)
            wall_s = time.perf_counter() - before
            out.seek(0), err.seek(0)
            printed, complaint = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    code = os.waitstatus_to_exitcode(status)
    if code:
        last = (complaint.strip() or printed.strip() or "it said nothing").splitlines()[-1]
        raise CaseFailed(f"{case.script} ended with {code}: {last[:300]}")
    output = json.loads(printed.strip().splitlines()[-1])
    scale = 1 if os.uname().sysname == "Darwin" else 1024
    return Sample(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss * scale, output)


def _waited(process: subprocess.Popen[bytes], deadline: float) -> tuple[int, Any]:
    """Status and resource usage of a process. wait4 and not `Popen.wait`: only it gives the usage of this one alone."""
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return status, usage
        if time.perf_counter() > deadline:
            process.kill()
        time.sleep(0.005)
