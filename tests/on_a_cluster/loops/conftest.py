"""Long loops, and hands on a cluster."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
for _folder in (_HERE, _HERE.parent / "faults"):
    if str(_folder) not in sys.path:
        sys.path.append(str(_folder))

from cluster_hands import ClusterHands  # noqa: E402 - lies in the folder of another group of tests


@pytest.fixture
def hands(tmp_path: Path) -> Iterator[ClusterHands]:
    made = ClusterHands.made(tmp_path)
    made.flows = _HERE
    yield made
    made.clean()
