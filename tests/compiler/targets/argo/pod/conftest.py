"""A namespace of a real cluster with Argo Workflows, for the tests that ask the controller itself."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pod_cluster import PodCluster, reachable


@pytest.fixture(scope="session")
def pods() -> Iterator[PodCluster]:
    if not reachable():
        pytest.skip("no cluster with Argo Workflows: set KUBECONFIG")
    cluster = PodCluster.made()
    try:
        yield cluster
    finally:
        cluster.delete()
