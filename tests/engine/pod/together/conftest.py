"""A pod with several tasks, played on the Argo on paper."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

sys.path.insert(0, str(Path(__file__).parent))

from pod_argo import PodArgo

from milonga.compiler.graph import Graph
from milonga.compiler.passes.fusion import Fuse
from milonga.compiler.targets.argo import ArgoTarget
from milonga.compiler.trace.tracer import trace

Shared = Callable[..., PodArgo]


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    """A pipeline, or graph, whose tasks share pods; all of a test share one bucket."""

    def made(pipeline: Any) -> PodArgo:
        graph = pipeline if isinstance(pipeline, Graph) else trace(pipeline).graph
        return PodArgo(tmp_path / "cluster", ArgoTarget().emit(Fuse().run(graph)))

    return made
