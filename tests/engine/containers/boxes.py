"""What tests of pipelines of one container share: see the fixture `box`."""

from __future__ import annotations

from collections.abc import Callable

from milonga.compiler.graph import Graph
from milonga.engine.result import RunResult

Box = Callable[..., Graph]


def error_of(result: RunResult) -> dict[str, str]:
    """The error of the container, which has failed."""
    assert result.state == "FAILED"
    return dict(result.tasks["box"].error)


def log_of(result: RunResult) -> str:
    return (result.folder / result.tasks["box"].log).read_text("utf-8")
