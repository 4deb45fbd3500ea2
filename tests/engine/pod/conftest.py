"""The Argo on paper."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "hostile"))

from paper_argo import PaperArgo

from milonga.compiler.targets.argo import ArgoTarget
from milonga.compiler.trace.tracer import trace


@pytest.fixture
def cluster(tmp_path: Path) -> Callable[..., PaperArgo]:
    """A pipeline on a paper cluster; all of a test share one bucket."""

    def made(pipeline: Any, **settings: Any) -> PaperArgo:
        return PaperArgo(tmp_path / "cluster", ArgoTarget().emit(trace(pipeline).graph), **settings)

    return made
