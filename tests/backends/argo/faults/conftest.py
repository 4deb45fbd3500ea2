"""What tests of faults on a real cluster share."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_hands import ClusterHands


@pytest.fixture
def hands(tmp_path: Path) -> Iterator[ClusterHands]:
    """The namespace that the environment names, as in the other tests on a cluster."""
    made = ClusterHands(os.environ.get("MILONGA_ARGO_NAMESPACE") or namespace_of_the_context(), tmp_path)
    yield made
    made.clean()


def namespace_of_the_context() -> str:
    told = subprocess.run(["kubectl", "config", "view", "--minify", "-o", "json"], capture_output=True, check=True)
    context = (json.loads(told.stdout).get("contexts") or [{}])[0].get("context") or {}
    return context.get("namespace") or "default"
