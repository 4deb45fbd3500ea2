"""What the end of a container means for its step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from milonga.engine.containers.engine import last_line
from milonga.engine.containers.log import tail_of
from milonga.engine.containers.program import PodProgram
from milonga.engine.containers.report import checked_report
from milonga.engine.workers.base import LOG_FILE, OUTPUT_FILE, StepEnded, StepRequest
from milonga.errors import TaskFailed

_KILLED = 128 + 9
_SIGNALS = range(129, 129 + 64)


def step_ended(request: StepRequest, report: Mapping[str, Any]) -> StepEnded:
    """The steward's report as the report of a worker pool."""
    code = int(report["exit_code"])
    error = _error(request, report, code)
    if error is None and code != 0:
        raise AssertionError("every failure is explained")
    output: dict[str, Any] | None = None
    try:
        output = checked_report(request) if error is None else None
    except TaskFailed as failure:
        error = failure.to_json()
    exit_code = 0 if error is None else -(code - 128) if code in _SIGNALS else code or 1
    return StepEnded(
        request.id,
        exit_code,
        cpu_s=report["cpu_s"],
        peak_memory_bytes=report["peak_memory_bytes"],
        output=output,
        error=error,
        wall_s=report["wall_s"],
    )


def _error(request: StepRequest, report: Mapping[str, Any], code: int) -> dict[str, str] | None:
    program = request.container
    image = program.image_name if isinstance(program, PodProgram) else ""
    said = str(report.get("message") or "")
    if report["killed"]:
        return _fields("E416", "the container was ended", kind="system")
    if report["state"] == "lost":
        return _fields("E447", "the container was lost while it ran", kind="system", got=said)
    if report["state"] == "not-started":
        if code in (126, 127):
            hint = "see that the image has this program, on its PATH and executable"
            return _fields("E462", f"the command cannot be started in the image '{image}'", got=said, hint=hint)
        return _fields("E461", f"the container of '{image}' cannot be started", kind="system", got=said)
    if report.get("out_of_memory") or (code == _KILLED and request.limits.memory_bytes is not None):
        limit = request.limits.memory_bytes
        allowed = f", its limit is {limit / 2**20:.0f} MiB" if limit is not None else ""
        return _fields("E415", f"ended for want of memory{allowed}", hint="raise memory=, or make the step need less")
    if code != 0:
        how = f"signal {code - 128}" if code in _SIGNALS else f"exit code {code}"
        hint = "most likely for want of memory" if code == _KILLED else ""
        return _fields("E416", f"the container ended with {how}", got=_last_log_line(request.folder), hint=hint)
    return _missing_output(request)


def _missing_output(request: StepRequest) -> dict[str, str] | None:
    """KFP's launcher fails a step that has not written a parameter that it declares, unless it wrote its own report."""
    report = request.folder / OUTPUT_FILE
    if report.is_symlink() or (report.exists() and not report.is_file()):  # a pipe would keep its reader for ever
        return _fields("E416", "what the container left as its report is no file", got=report.name)
    if report.is_file():
        return None
    outputs = request.executor_input.get("outputs") or {}
    for name, parameter in (outputs.get("parameters") or {}).items():
        path = parameter["outputFile"]
        if not Path(path).is_file():
            message = f"the container ended with exit code 0 and has not written its output '{name}'"
            return _fields("E416", message, expected=f"a file {path}")
    return None


def _last_log_line(folder: Path) -> str:
    return last_line(tail_of(folder / LOG_FILE))


def _fields(code: str, message: str, *, kind: str = "user", **more: str) -> dict[str, str]:
    return {"code": code, "kind": kind, "message": message, **{key: text for key, text in more.items() if text}}
