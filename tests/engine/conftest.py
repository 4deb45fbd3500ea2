from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

import milonga as ml
from milonga.engine.progress import Silent
from milonga.engine.result import RunResult


class Play(Protocol):
    """Run a pipeline in the test's own state folder, two steps at a time, showing nothing."""

    def __call__(self, pipeline: Any, arguments: dict[str, Any] | None = None, **settings: Any) -> RunResult: ...


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def play(home: Path) -> Play:
    def run(pipeline: Any, arguments: dict[str, Any] | None = None, **settings: Any) -> RunResult:
        return ml.run(pipeline, arguments, **{"home": home, "jobs": 2, "progress": Silent(), **settings})

    return run


@pytest.fixture(params=["isolated", "in-process"])
def play_both(request: pytest.FixtureRequest, play: Play) -> Play:
    """`play`, once with a process for each attempt and once without."""

    def run(pipeline: Any, arguments: dict[str, Any] | None = None, **settings: Any) -> RunResult:
        return play(pipeline, arguments, **{"mode": request.param, **settings})

    return run


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A file to which tasks append a line each time that they really run."""
    return tmp_path / "ledger.txt"


@pytest.fixture
def lines_of(ledger: Path) -> Callable[[], list[str]]:
    return lambda: ledger.read_text("utf-8").splitlines() if ledger.exists() else []
