"""Logs of a back end's runs on a terminal."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from milonga.backends.base import Backend
from milonga.backends.log_line import LogLine
from milonga.backends.operations import ClusterOperations
from milonga.cli.output import message, print_json, printable
from milonga.engine.progress.log_tail import shown_line


def print_logs(backend: Backend, operations: ClusterOperations, values: dict[str, Any]) -> int:
    """What `milonga logs RUN [TASK] --to NAME` does."""
    run_id, task, tail = values["run_id"], values["task"], values["tail"]
    if values["is_followed"]:
        operations.follow(run_id, line_writer(prefixed=True), task=task)
        return 0
    kept: dict[tuple[str, int], deque[str]] = {}
    write = line_writer(prefixed=not task)
    is_kept = values["as_json"] or tail is not None

    def keep(line: LogLine) -> None:
        kept.setdefault((line.task, line.attempt), deque(maxlen=tail)).append(line.text)

    found = operations.logs(run_id, keep if is_kept else write, task=task, attempt=values["attempt"] or 0)
    if values["as_json"]:
        logs = [
            {"task": path, "attempt": attempt, "log": "".join(f"{text}\n" for text in texts)}
            for (path, attempt), texts in kept.items()
        ]
        print_json({"run_id": run_id, "logs": logs})
        return 0
    for (path, attempt), texts in kept.items():
        for text in texts:
            write(LogLine(path, attempt, text))
    if not found:
        message("nothing has been written yet")
    return 0


def line_writer(*, prefixed: bool, to_stderr: bool = False) -> Callable[[LogLine], None]:
    """Prints lines on stdout, each at once, the task's path in front where they are those of several."""
    stream = sys.stderr if to_stderr else sys.stdout

    def write(line: LogLine) -> None:
        text = shown_line(line.text)
        print(f"{printable(line.task)} | {text}" if prefixed else text, file=stream, flush=True)

    return write
