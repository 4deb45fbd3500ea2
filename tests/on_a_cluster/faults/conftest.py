"""What tests of faults on a real cluster share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_hands import ClusterHands


@pytest.fixture
def hands(tmp_path: Path) -> Iterator[ClusterHands]:
    made = ClusterHands.made(tmp_path)
    yield made
    made.clean()
