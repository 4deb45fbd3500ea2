"""What tests on a real cluster share: hands, and the folders of their modules."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
for _folder in (_HERE / "faults", _HERE / "hostile", _HERE.parent / "hostile"):
    if str(_folder) not in sys.path:
        sys.path.append(str(_folder))

from cluster_hands import ClusterHands  # noqa: E402 - lies in one of these folders


@pytest.fixture
def hands(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ClusterHands]:
    """Hands whose pipelines lie beside the test."""
    made = ClusterHands.made(tmp_path)
    made.flows = request.path.parent
    yield made
    made.clean()
