from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

from milonga.compiler.graph import Graph
from milonga.compiler.trace import trace


@pytest.fixture
def takes_a_dataset(author: Callable[..., ModuleType]) -> Graph:
    """A pipeline with an input artifact and a parameter."""
    module = author(
        """
        from milonga import Dataset, component, pipeline

        @component
        def count(data: Dataset, rows: int) -> int:
            return rows

        @pipeline
        def churn(data: Dataset, rows: int = 3) -> int:
            return count(data, rows)
        """
    )
    return trace(module.churn).graph
