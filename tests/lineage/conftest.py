from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import milonga as ml
from milonga.engine.progress import Silent


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def play(home: Path):
    """Run a pipeline in the test's own state folder, showing nothing."""

    def run(pipeline: Any, arguments: dict[str, Any] | None = None, **settings: Any) -> Any:
        return ml.run(pipeline, arguments, **{"home": home, "jobs": 2, "progress": Silent(), **settings})

    return run
